"""All ideas by name."""

from ranking_ideas import points, results, scoring

IDEAS = {idea.name: idea for idea in (*points.IDEAS, *scoring.IDEAS, *results.IDEAS)}

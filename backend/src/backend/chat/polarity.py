"""Whether two statements say the same or the opposite: negations and opposites."""

import re
from typing import Final

from backend.chat.wording import content_words

# fmt: off
_NEGATIONS: Final = frozenset({
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without",
    "cannot",
    "nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "nie", "niemals", "niemand",
    "nichts", "ohne", "weder",
    "pas", "jamais", "aucun", "aucune", "sans", "rien", "personne",
    "nunca", "jamás", "sin", "ningún", "ninguna", "ninguno", "nadie", "nada", "tampoco",
})
_NEGATING_STEMS: Final = ("fail", "lack", "unable")
# May stand for a negation of something else: what they say is left undecided.
_HALF_NEGATIONS: Final = (
    "abandon", "abolish", "banned", "cancel", "ceas", "deni", "discontinu", "ended", "exclud",
    "exempt", "forbid", "free", "halt", "illegal", "impossib", "miss", "only", "prohibit",
    "refus", "reject", "stop", "untouched", "void",
    "verboten", "gesperrt", "stopp", "interdit", "cess", "prohib", "dej",
)
_OPPOSITES: Final = tuple(
    (tuple(one.split()), tuple(other.split()))
    for one, other in (
        ("rose ris increas grew grow climb gain more higher improv",
         "fell fall declin decreas drop reduc less fewer lower shrank shrink sank worsen"),
        ("open", "clos shut"),
        ("allow permit erlaubt permis", "forbid prohibit banned verboten interdit prohib"),
        ("strong", "weak"), ("older", "younger"), ("larger bigger", "smaller"),
        ("before", "after"), ("win won", "lose lost"), ("best", "worst"),
        ("always", "never"), ("longest", "shortest"), ("includ", "exclud"),
        ("largest", "smallest"), ("highest", "lowest"), ("north", "south"), ("east", "west"),
        ("legal", "illegal"), ("for", "against"),
    )
)
# fmt: on
# Negations that deny nothing: "not only old", "no later than May", "no fewer than nine".
_MERE_FORM: Final = re.compile(
    r"^\W*(?:no|nein|non),|\bnot only\b|\bnot until\b"
    r"|\bno (?:later|earlier|sooner|lower|higher|less|more|fewer) than\b"
    r"|\bnicht nur\b|\bnon seulement\b|\bno sólo\b|\bno solo\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")
_INSTEAD: Final = re.compile(r"\b(?:rather than|instead of|statt|au lieu de|en vez de)\b", re.I)
_CLAUSE_END: Final = re.compile(
    r"[,;:—–]\s|\s(?=(?:but|while|whereas|because|since|although|unless|except|without|aber|während"
    r"|weil|ohne|mais|tandis|sans|parce|pero|mientras|porque|sin)\s)",
    re.IGNORECASE,
)
_MIN_CLAUSE_WORDS: Final = 3
_NEAR_BEST: Final = 0.5  # share of the best clause's common words that makes another count


def contradicts(claim: str, sentence: str) -> bool:
    """Tell whether the claim denies what `sentence` affirms or the other way round.

    Each clause of the claim is held against the clauses that are about the same. A negation
    and an opposite together say the same again ("is not closed", "stays open").
    """
    given = _clauses(sentence)
    return any(_disagree(clause, _about(clause, given)) for clause in _clauses(claim))


def _disagree(claim: str, given: str) -> bool:
    said, says = _words(claim), _words(given)
    claim_denies, given_denies = _is_negated(said), _is_negated(says)
    flips = claim_denies + given_denies + _have_opposites(said, says)
    if flips % 2 == 0:
        return False
    affirming = says if claim_denies else said
    return claim_denies == given_denies or not _is_half_negated(affirming)


def _clauses(text: str) -> list[str]:
    """Return the clauses of a sentence; fragments stay with what follows them."""
    text = _INSTEAD.sub(" without ", _MERE_FORM.sub(" ", text))
    clauses: list[str] = []
    begun = ""
    for piece in _CLAUSE_END.split(text):
        begun = f"{begun}, {piece}" if begun else piece
        if len(begun.split()) >= _MIN_CLAUSE_WORDS:
            clauses.append(begun)
            begun = ""
    if begun and clauses:
        clauses[-1] += f", {begun}"
    elif begun:
        clauses.append(begun)
    return clauses


def _about(claim: str, clauses: list[str]) -> str:
    """Return those clauses that share most words with the claim; "" if none shares any."""
    wanted = content_words(claim)
    common = [len(wanted & content_words(clause)) for clause in clauses]
    if not any(common):
        return ""
    most = max(common)
    least = most if most == len(wanted) else _NEAR_BEST * most
    return " | ".join(
        clause for clause, count in zip(clauses, common, strict=True) if count and count >= least
    )


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def _is_negated(words: list[str]) -> bool:
    """Tell whether an odd number of negations is in a clause."""
    count = sum(
        word in _NEGATIONS or word.endswith("n't") or word.startswith(_NEGATING_STEMS)
        for word in words
    )
    return count % 2 == 1


def _is_half_negated(words: list[str]) -> bool:
    return any(word.startswith(_HALF_NEGATIONS) for word in words)


def _have_opposites(claim: list[str], given: list[str]) -> bool:
    for one, other in _OPPOSITES:
        claims_one, claims_other = _any(claim, one), _any(claim, other)
        given_one, given_other = _any(given, one), _any(given, other)
        if claims_one and given_other and not claims_other and not given_one:
            return True
        if claims_other and given_one and not claims_one and not given_other:
            return True
    return False


def _any(words: list[str], stems: tuple[str, ...]) -> bool:
    return any(
        word == stem or (len(stem) > 3 and word.startswith(stem))
        for word in words
        for stem in stems
    )

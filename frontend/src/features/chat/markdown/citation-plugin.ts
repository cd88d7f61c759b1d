import type { PhrasingContent, Root, RootContent, Text } from "mdast";

/** Turns `[3]` in running text into a <cite data-citation="3">; code, links and maths stay as they are. */
export function citationPlugin() {
  return (tree: Root): void => markChildren(tree);
}

type Parent = { children: RootContent[] };

const OPAQUE = new Set(["code", "inlineCode", "link", "linkReference", "image", "html"]);

function markChildren(parent: Parent): void {
  parent.children = parent.children.flatMap((child): RootContent[] => {
    if (child.type === "text") return splitText(child);
    if (!OPAQUE.has(child.type) && "children" in child) markChildren(child);
    return [child];
  });
}

const MARKS =
  /(?<maths>\$\$[^$]+\$\$|\$[^\s$](?:[^$\n]*[^\s$])?\$(?!\d)|\\\(.+?\\\)|\\\[.+?\\\])|\[(?<n>[1-9]\d{0,2})\]/gs;

function splitText(node: Text): PhrasingContent[] {
  const parts: PhrasingContent[] = [];
  let end = 0;
  for (const match of node.value.matchAll(MARKS)) {
    const n = match.groups?.n;
    if (n === undefined) continue;
    if (match.index > end) parts.push(text(node.value.slice(end, match.index)));
    parts.push(citation(n));
    end = match.index + match[0].length;
  }
  if (end === 0) return [node];
  if (end < node.value.length) parts.push(text(node.value.slice(end)));
  return parts;
}

function text(value: string): Text {
  return { type: "text", value };
}

/** An emphasis node that is rendered as <cite>: mdast has no node of its own for citations. */
function citation(n: string): PhrasingContent {
  return {
    type: "emphasis",
    children: [text(`[${n}]`)],
    data: { hName: "cite", hProperties: { dataCitation: n } },
  };
}

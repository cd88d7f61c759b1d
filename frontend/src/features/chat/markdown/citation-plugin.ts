import type { PhrasingContent, Root, RootContent, Text } from "mdast";

/**
 * Turns `[3]` and `[3, 4]` in running text into <cite data-citation="3">; code, links, maths and
 * what is escaped (`\[3\]`, a document's own bracket) stay as they are.
 */
export function citationPlugin() {
  return (tree: Root, file: { value: string | Uint8Array }): void =>
    markChildren(tree, String(file.value));
}

type Parent = { children: RootContent[] };

const OPAQUE = new Set(["code", "inlineCode", "link", "linkReference", "image", "html"]);

function markChildren(parent: Parent, source: string): void {
  parent.children = parent.children.flatMap((child): RootContent[] => {
    if (child.type === "text") return splitText(child, source);
    if (!OPAQUE.has(child.type) && "children" in child) markChildren(child, source);
    return [child];
  });
}

/** Escaped characters are moved here, so that they are told from others. */
const ESCAPED = 0xe000;
const escaped = (character: string) => String.fromCharCode(ESCAPED + character.charCodeAt(0));

const [OPEN, CLOSE, LEFT, RIGHT, BACKSLASH] = ["(", ")", "[", "]", "\\"].map(escaped);
const MATHS = [
  String.raw`\$\$[^$]+\$\$`,
  String.raw`\$[^\s$](?:[^$\n]*[^\s$])?\$(?!\d)`,
  `${OPEN}.+?${CLOSE}`,
  `${LEFT}.+?${RIGHT}`,
  String.raw`${BACKSLASH}\(.+?${BACKSLASH}\)`,
  String.raw`${BACKSLASH}\[.+?${BACKSLASH}\]`,
];
const NUMBERS = String.raw`\[ *(?<numbers>[1-9]\d{0,2}(?: *, *[1-9]\d{0,2})*) *\]`;
const MARKS = new RegExp(`${MATHS.join("|")}|${NUMBERS}`, "gs");

function splitText(node: Text, source: string): PhrasingContent[] {
  const parts: PhrasingContent[] = [];
  let end = 0;
  for (const match of moveEscaped(node, source).matchAll(MARKS)) {
    const numbers = match.groups?.numbers;
    if (numbers === undefined) continue;
    if (match.index > end) parts.push(text(node.value.slice(end, match.index)));
    parts.push(...numbers.split(",").map((n) => citation(n.trim())));
    end = match.index + match[0].length;
  }
  if (end === 0) return [node];
  if (end < node.value.length) parts.push(text(node.value.slice(end)));
  return parts;
}

const ENTITY = /&(?:#\d+|#[xX][\da-fA-F]+|\w+);/y;
const ESCAPABLE = /[!-/:-@[-`{-~]/;

/** The node's text, of the same length, with what the source escapes moved away. */
function moveEscaped(node: Text, source: string): string {
  const start = node.position?.start.offset;
  const end = node.position?.end.offset;
  if (start === undefined || end === undefined) return node.value;
  const written = source.slice(start, end);
  if (!written.includes("\\")) return node.value;
  let shown = "";
  let at = 0;
  for (const character of node.value.split("")) {
    // Line beginnings that belong to a quoted line or a list, not to the text.
    while (at < written.length && written[at] !== character && /[\s>]/.test(written[at] ?? "")) {
      at += 1;
    }
    ENTITY.lastIndex = at;
    const entity = ENTITY.exec(written);
    if (entity) {
      shown += character;
      at += entity[0].length;
    } else if (
      written[at] === "\\" &&
      written[at + 1] === character &&
      ESCAPABLE.test(character)
    ) {
      shown += escaped(character);
      at += 2;
    } else {
      shown += character;
      at += 1;
    }
  }
  return shown;
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

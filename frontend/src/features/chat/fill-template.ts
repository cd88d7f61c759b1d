/** The names and the syntax that the server knows: blanks and hyphens only inside. */
const PLACEHOLDER = /\{\{[ \t]*([\p{L}\p{N}_](?:[\p{L}\p{N}_ -]{0,48}[\p{L}\p{N}_])?)[ \t]*\}\}/gu;

/** Puts the values in the place of their `{{names}}`; other placeholders stay as they are. */
export function fillTemplate(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(PLACEHOLDER, (found, name: string) => values.get(name) ?? found);
}

/** What stands in the composer with `inserted` below what was written already. */
export function appendTo(written: string, inserted: string): string {
  return written.trim() === "" ? inserted : `${written.trimEnd()}\n\n${inserted}`;
}

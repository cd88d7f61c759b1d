/**
 * The wire counts characters in code points; JavaScript strings are indexed in UTF-16 units,
 * two of which make one character outside the basic plane (emoji, some CJK, mathematics).
 */

export function codePointLength(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if (isSurrogatePair(text, index)) {
      length--;
      index++;
    }
  }
  return length;
}

/** The UTF-16 index at which the given code point starts; the string's end when it is past it. */
export function utf16Index(text: string, codePoints: number): number {
  let index = 0;
  for (let count = 0; count < codePoints && index < text.length; count++) {
    index += isSurrogatePair(text, index) ? 2 : 1;
  }
  return index;
}

/** `text[start:end]` counted in code points. */
export function sliceCodePoints(text: string, start: number, end?: number): string {
  const from = utf16Index(text, start);
  return end === undefined ? text.slice(from) : text.slice(from, utf16Index(text, end));
}

function isSurrogatePair(text: string, index: number): boolean {
  const first = text.charCodeAt(index);
  if (first < 0xd800 || first > 0xdbff) return false;
  const second = text.charCodeAt(index + 1);
  return second >= 0xdc00 && second <= 0xdfff;
}

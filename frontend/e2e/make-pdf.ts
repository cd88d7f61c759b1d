const PAGE_WIDTH = 595;
const PAGE_HEIGHT = 842;
const MARGIN = 72;
const FONT_SIZE = 12;
const LINE_HEIGHT = 20;

/** A small valid PDF: one page for each list of lines, in ASCII and Helvetica. */
export function makePdf(pages: readonly (readonly string[])[]): Buffer {
  const pageIds = pages.map((_, index) => 4 + 2 * index);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Count ${pages.length} /Kids [${pageIds.map((id) => `${id} 0 R`).join(" ")}] >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ...pages.flatMap((lines, index) => pageObjects(lines, 5 + 2 * index)),
  ];

  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const tableOffset = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const offset of offsets) file += `${String(offset).padStart(10, "0")} 00000 n \n`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${tableOffset}\n%%EOF\n`;
  return Buffer.from(file, "ascii");
}

function pageObjects(lines: readonly string[], contentId: number): [string, string] {
  const shown = lines.map((line) => `(${escape(line)}) Tj T*`).join("\n");
  const start = `${MARGIN} ${PAGE_HEIGHT - MARGIN - FONT_SIZE}`;
  const content = `BT /F1 ${FONT_SIZE} Tf ${LINE_HEIGHT} TL ${start} Td\n${shown}\nET`;
  return [
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE_WIDTH} ${PAGE_HEIGHT}]` +
      ` /Resources << /Font << /F1 3 0 R >> >> /Contents ${contentId} 0 R >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ];
}

function escape(text: string): string {
  return text.replace(/[\\()]/g, "\\$&");
}

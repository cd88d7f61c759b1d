import {
  type PDFDocumentProxy,
  type PDFPageProxy,
  RenderingCancelledException,
  TextLayer,
} from "pdfjs-dist/legacy/build/pdf.mjs";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import { useNearViewport } from "./use-near-viewport";
import { PAGE_ATTRIBUTE } from "./use-page-scroll";

/** Larger canvases fail on phones; beyond this the page is drawn less sharply. */
const MAX_CANVAS_PIXELS = 16_000_000;

type PdfPageProps = {
  pdf: PDFDocumentProxy;
  page: number;
  /** On the screen, in CSS pixels. */
  width: number;
  /** Height by width, until the page itself tells. */
  assumedRatio: number;
  /** Drawn over the page; told whether the page has its final size. */
  overlay: (sized: boolean) => ReactNode;
};

/** One page, drawn while it is near the visible part and let go of when it is not. */
export function PdfPage({ pdf, page, width, assumedRatio, overlay }: PdfPageProps) {
  const frameRef = useRef<HTMLDivElement>(null);
  const canvasHolderRef = useRef<HTMLDivElement>(null);
  const textRef = useRef<HTMLDivElement>(null);
  const near = useNearViewport(frameRef);
  const [proxy, setProxy] = useState<PDFPageProxy | null>(null);

  useEffect(() => {
    if (!near || proxy) return undefined;
    let stale = false;
    pdf.getPage(page).then(
      (loaded) => {
        if (!stale) setProxy(loaded);
      },
      (error: unknown) => {
        if (!stale) showError(error);
      },
    );
    return () => {
      stale = true;
    };
  }, [near, page, pdf, proxy]);

  useEffect(() => {
    const holder = canvasHolderRef.current;
    const text = textRef.current;
    if (!near || !proxy || !holder || !text) return undefined;
    return drawPage(proxy, width, holder, text);
  }, [near, proxy, width]);

  const size = proxy?.getViewport({ scale: 1 });
  const ratio = size ? size.height / size.width : assumedRatio;
  return (
    <div
      ref={frameRef}
      {...{ [PAGE_ATTRIBUTE]: page }}
      role="group"
      aria-label={strings.viewer.pageLabel(page)}
      className="relative mx-auto scroll-mt-3 bg-white shadow-[0_1px_4px_rgb(0_0_0/0.18)]"
      style={{ width, height: width * ratio }}
    >
      <div ref={canvasHolderRef} aria-hidden className="absolute inset-0" />
      <div ref={textRef} className="pdf-text-layer" />
      {overlay(proxy !== null)}
    </div>
  );
}

/** Draws picture and selectable text; the old picture stays until the new one is finished. */
function drawPage(
  proxy: PDFPageProxy,
  width: number,
  holder: HTMLDivElement,
  text: HTMLDivElement,
): () => void {
  const scale = width / proxy.getViewport({ scale: 1 }).width;
  const viewport = proxy.getViewport({ scale });
  const area = viewport.width * viewport.height;
  const density = Math.min(window.devicePixelRatio, Math.sqrt(MAX_CANVAS_PIXELS / area));

  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(viewport.width * density);
  canvas.height = Math.floor(viewport.height * density);
  canvas.style.width = "100%";
  canvas.style.height = "100%";

  const drawing = proxy.render({
    canvas,
    viewport,
    transform: [density, 0, 0, density, 0, 0],
  });
  drawing.promise.then(() => holder.replaceChildren(canvas), reportUnlessCancelled);

  text.replaceChildren();
  text.style.setProperty("--total-scale-factor", String(scale));
  const textLayer = new TextLayer({
    textContentSource: proxy.streamTextContent(),
    container: text,
    viewport,
  });
  textLayer.render().catch(ignoreCancelledText);

  return () => {
    drawing.cancel();
    textLayer.cancel();
    proxy.cleanup();
  };
}

function reportUnlessCancelled(error: unknown): void {
  if (!(error instanceof RenderingCancelledException)) showError(error);
}

/** The picture shows the page; text that cannot be laid over it only cannot be selected. */
function ignoreCancelledText(): void {
  return undefined;
}

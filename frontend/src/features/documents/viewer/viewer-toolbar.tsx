import { ChevronDown, ChevronUp, Download, Minus, MoveHorizontal, Plus, X } from "lucide-react";
import { useState } from "react";
import { IconButton } from "@/components/ui/icon-button";
import { Tooltip } from "@/components/ui/tooltip";
import { documentFileUrl } from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import type { ViewerTarget } from "./viewer-target";

type ViewerHeaderProps = {
  target: ViewerTarget;
  onShowCitation: (position: number) => void;
  onClose: () => void;
};

/** Which document and which citation; never scrolls away. */
export function ViewerHeader({ target, onShowCitation, onClose }: ViewerHeaderProps) {
  const { citation, filename } = target;
  return (
    <header className="flex h-13 shrink-0 items-center gap-1 border-b border-line pr-2 pl-4">
      <h2 className="min-w-0 flex-1 truncate text-sm font-medium" title={filename}>
        {filename}
      </h2>
      {citation && citation.count > 1 && (
        <div className="flex shrink-0 items-center text-xs text-muted tabular-nums">
          <IconButton
            label={strings.viewer.previousCitation}
            icon={<ChevronUp aria-hidden />}
            disabled={citation.position <= 1}
            onClick={() => onShowCitation(citation.position - 1)}
          />
          <span role="status">{strings.viewer.citationOf(citation.position, citation.count)}</span>
          <IconButton
            label={strings.viewer.nextCitation}
            icon={<ChevronDown aria-hidden />}
            disabled={citation.position >= citation.count}
            onClick={() => onShowCitation(citation.position + 1)}
          />
        </div>
      )}
      <IconButton label={strings.viewer.close} icon={<X aria-hidden />} onClick={onClose} />
    </header>
  );
}

const ZOOM_STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];

type ViewerToolbarProps = {
  documentId: string;
  filename: string;
  currentPage: number;
  pageCount: number;
  onGoToPage: (page: number) => void;
  zoom: number;
  onZoom: (zoom: number) => void;
};

export function ViewerToolbar({
  documentId,
  filename,
  currentPage,
  pageCount,
  onGoToPage,
  zoom,
  onZoom,
}: ViewerToolbarProps) {
  const smaller = ZOOM_STEPS.filter((step) => step < zoom).at(-1);
  const larger = ZOOM_STEPS.find((step) => step > zoom);
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-1 border-b border-line px-2 py-1">
      <PageField
        // Typing is given up when the reader scrolls on.
        key={currentPage}
        currentPage={currentPage}
        pageCount={pageCount}
        onGoToPage={onGoToPage}
      />
      <span className="flex-1" />
      <div className="flex items-center">
        <IconButton
          label={strings.viewer.zoomOut}
          icon={<Minus aria-hidden />}
          disabled={smaller === undefined}
          onClick={() => smaller !== undefined && onZoom(smaller)}
        />
        <span className="w-11 text-center text-xs text-muted tabular-nums">
          {strings.viewer.zoomLevel(Math.round(100 * zoom))}
        </span>
        <IconButton
          label={strings.viewer.zoomIn}
          icon={<Plus aria-hidden />}
          disabled={larger === undefined}
          onClick={() => larger !== undefined && onZoom(larger)}
        />
        <IconButton
          label={strings.viewer.fitWidth}
          icon={<MoveHorizontal aria-hidden />}
          disabled={zoom === 1}
          onClick={() => onZoom(1)}
        />
      </div>
      <Tooltip label={strings.actions.download}>
        <a
          href={documentFileUrl(documentId)}
          download={filename}
          aria-label={strings.actions.download}
          className="inline-flex size-8 items-center justify-center rounded-lg text-muted hover:bg-subtle hover:text-text"
        >
          <Download className="size-4" aria-hidden />
        </a>
      </Tooltip>
    </div>
  );
}

type PageFieldProps = Pick<ViewerToolbarProps, "currentPage" | "pageCount" | "onGoToPage">;

function PageField({ currentPage, pageCount, onGoToPage }: PageFieldProps) {
  const [value, setValue] = useState(String(currentPage));
  const go = () => {
    const page = Number.parseInt(value, 10);
    if (Number.isNaN(page)) setValue(String(currentPage));
    else onGoToPage(Math.min(Math.max(page, 1), pageCount));
  };
  return (
    <form
      className="flex items-center gap-1.5 pl-2 text-xs text-muted tabular-nums"
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <label className="flex items-center gap-1.5">
        {strings.viewer.page}
        <input
          inputMode="numeric"
          value={value}
          onChange={(event) => setValue(event.target.value)}
          onBlur={go}
          onFocus={(event) => event.currentTarget.select()}
          className="h-7 w-11 rounded-md border border-line-strong bg-surface text-center text-text"
        />
      </label>
      {strings.viewer.ofPages(pageCount)}
    </form>
  );
}

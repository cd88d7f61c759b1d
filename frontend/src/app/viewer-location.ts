import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { ViewerTarget } from "@/features/documents/viewer/viewer-target";
import { DOCUMENT, PASSAGE, passageParams } from "@/lib/passage-path";
import { useDocuments } from "@/lib/queries/documents";
import type { Citation, Message } from "@/types/api";

/** The viewer's place in the address: `?doc=…` for a document, with `&page=…&start=…&end=…` for
 *  a passage of it, `?answer=…&cite=…` for a citation. */
const ANSWER = "answer";
const CITE = "cite";

type ViewerLocation = {
  target: ViewerTarget | null;
  openDocument: (documentId: string) => void;
  openCitation: (message: Message, citation: Citation) => void;
  showCitation: (position: number) => void;
  close: () => void;
};

/** `messages` are those of the open conversation, once they are loaded. */
export function useViewerLocation(messages: readonly Message[] | undefined): ViewerLocation {
  const [params, setParams] = useSearchParams();
  const documents = useDocuments().data;
  const documentId = params.get(DOCUMENT);
  const answerId = params.get(ANSWER);
  const n = Number(params.get(CITE));
  const [page, start, end] = PASSAGE.map((name) => params.get(name));

  const citations = useMemo(
    () =>
      [...(messages?.find(({ id }) => id === answerId)?.citations ?? [])].sort((a, b) => a.n - b.n),
    [messages, answerId],
  );

  const target = useMemo((): ViewerTarget | null => {
    const citation = citations.find((candidate) => candidate.n === n);
    if (citation) return citationTarget(citation, citations);
    if (documentId === null) return null;
    return {
      documentId,
      filename: documents?.find(({ id }) => id === documentId)?.filename ?? "",
      page: page ? Number(page) : 1,
      passages:
        page && start && end
          ? [{ page: Number(page), start: Number(start), end: Number(end) }]
          : [],
      citation: null,
    };
  }, [citations, n, documentId, documents, page, start, end]);

  const openDocument = useCallback(
    (id: string) => setParams(passageParams(id)),
    [setParams],
  );

  const openCitation = useCallback(
    (message: Message, citation: Citation) =>
      setParams({ [ANSWER]: message.id, [CITE]: String(citation.n) }),
    [setParams],
  );

  const showCitation = useCallback(
    (position: number) => {
      const citation = citations[position - 1];
      if (!citation || answerId === null) return;
      setParams({ [ANSWER]: answerId, [CITE]: String(citation.n) }, { replace: true });
    },
    [citations, answerId, setParams],
  );

  const close = useCallback(() => setParams({}), [setParams]);

  return { target, openDocument, openCitation, showCitation, close };
}

function citationTarget(citation: Citation, citations: readonly Citation[]): ViewerTarget {
  return {
    documentId: citation.document_id,
    filename: citation.filename,
    page: citation.pages[0]?.page ?? 1,
    passages: citation.pages,
    citation: {
      quote: citation.quote,
      position: citations.indexOf(citation) + 1,
      count: citations.length,
    },
  };
}

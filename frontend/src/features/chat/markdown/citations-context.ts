import { createContext, useContext } from "react";
import type { Citation } from "@/types/api";

type CitationsInText = {
  byNumber: ReadonlyMap<number, Citation>;
  /** While streaming nothing is checked yet: numbers are shown, but cannot be opened. */
  streaming: boolean;
  isDocumentGone: (citation: Citation) => boolean;
  open: (citation: Citation) => void;
};

export const CitationsContext = createContext<CitationsInText>({
  byNumber: new Map(),
  streaming: false,
  isDocumentGone: () => false,
  open: () => undefined,
});

export function useCitationsInText(): CitationsInText {
  return useContext(CitationsContext);
}

import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { queryKeys } from "@/lib/queries/keys";
import { strings } from "@/lib/strings";
import { aCitation, aMessage } from "@/testing/factories";
import { renderInApp, testQueryClient } from "@/testing/render";
import type { Message } from "@/types/api";
import { AssistantMessage } from "./assistant-message";

function renderAnswer(fields: Partial<Message>) {
  const queryClient = testQueryClient();
  queryClient.setQueryData(queryKeys.models, []);
  renderInApp(
    <AssistantMessage
      message={aMessage({ role: "assistant", model: null, ...fields })}
      liveText={null}
      branches={null}
      mark={null}
      recalled={null}
      isDocumentGone={() => false}
      onOpenCitation={() => undefined}
      onRegenerate={() => undefined}
    />,
    queryClient,
  );
}

describe("an answer", () => {
  it("says when the documents gave no clear answer", () => {
    renderAnswer({ no_answer: true });
    expect(screen.getByText(strings.chat.noAnswer)).toBeInTheDocument();
  });

  it("says nothing of that otherwise", () => {
    renderAnswer({ no_answer: false });
    expect(screen.queryByText(strings.chat.noAnswer)).not.toBeInTheDocument();
  });

  it("says in words which citations do not carry their statement", () => {
    renderAnswer({
      content: "High [1]. Old [2].",
      citations: [
        aCitation({ n: 1, support: "unsupported" }),
        aCitation({ n: 2, support: "partial" }),
      ],
    });
    expect(screen.getByText(/Citation 1 does not support its statement/)).toHaveTextContent(
      "Citation 2 supports its statement only in part.",
    );
  });
});

import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation, useParams, useSearchParams } from "react-router";
import { ConversationView } from "@/features/chat/conversation-view";
import { ExportMenu } from "@/features/conversations/export-menu";
import { RecalledFrom } from "@/features/memory/recalled-from";
import { useConversation } from "@/lib/queries/conversations";
import { strings } from "@/lib/strings";
import { TURN } from "@/lib/turn-path";
import type { Citation, Message } from "@/types/api";
import { PageHeader } from "./page-header";
import type { SidebarVisibility } from "./use-sidebar-visibility";

type ConversationPageProps = {
  sidebar: SidebarVisibility;
  onOpenCitation: (message: Message, citation: Citation) => void;
};

export default function ConversationPage({ sidebar, onOpenCitation }: ConversationPageProps) {
  const { conversationId = "" } = useParams();
  const turn = useTurn();
  const [leafId, setLeafId] = useState<string | null>(null);
  const { data } = useConversation(conversationId);
  const title = data ? data.conversation.title || strings.conversations.untitled : "";
  const renderRecalled = useCallback((message: Message) => <RecalledFrom message={message} />, []);

  useEffect(() => {
    document.title = title ? `${title} · ${strings.productName}` : strings.productName;
    return () => {
      document.title = strings.productName;
    };
  }, [title]);

  return (
    <>
      <PageHeader
        title={title}
        sidebar={sidebar}
        actions={
          leafId !== null && <ExportMenu conversationId={conversationId} messageId={leafId} />
        }
      />
      <ConversationView
        key={conversationId}
        conversationId={conversationId}
        turn={turn}
        onShowBranch={setLeafId}
        onOpenCitation={onOpenCitation}
        renderRecalled={renderRecalled}
      />
    </>
  );
}

/** The message that the address names; asked for anew with each visit. */
function useTurn() {
  const { key: visit } = useLocation();
  const messageId = useSearchParams()[0].get(TURN);
  return useMemo(
    () => (messageId === null ? null : { messageId, visit }),
    [messageId, visit],
  );
}

import { useCallback, useEffect } from "react";
import { useParams } from "react-router";
import { ConversationView } from "@/features/chat/conversation-view";
import { RecalledFrom } from "@/features/memory/recalled-from";
import { useConversation } from "@/lib/queries/conversations";
import { strings } from "@/lib/strings";
import type { Citation, Message } from "@/types/api";
import { PageHeader } from "./page-header";
import type { SidebarVisibility } from "./use-sidebar-visibility";

type ConversationPageProps = {
  sidebar: SidebarVisibility;
  onOpenCitation: (message: Message, citation: Citation) => void;
};

export default function ConversationPage({ sidebar, onOpenCitation }: ConversationPageProps) {
  const { conversationId = "" } = useParams();
  const { data } = useConversation(conversationId);
  const title = data ? data.conversation.title || strings.conversations.untitled : "";
  const renderRecalled = useCallback(
    (message: Message) => <RecalledFrom memories={message.memories} />,
    [],
  );

  useEffect(() => {
    document.title = title ? `${title} · ${strings.productName}` : strings.productName;
    return () => {
      document.title = strings.productName;
    };
  }, [title]);

  return (
    <>
      <PageHeader title={title} sidebar={sidebar} />
      <ConversationView
        key={conversationId}
        conversationId={conversationId}
        onOpenCitation={onOpenCitation}
        renderRecalled={renderRecalled}
      />
    </>
  );
}

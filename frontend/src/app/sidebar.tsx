import { PanelLeftClose, SquarePen, X } from "lucide-react";
import { Tabs } from "radix-ui";
import { Link, useNavigate } from "react-router";
import { IconButton } from "@/components/ui/icon-button";
import { Spinner } from "@/components/ui/spinner";
import { Tooltip } from "@/components/ui/tooltip";
import { ConversationList } from "@/features/conversations/conversation-list";
import { DocumentList } from "@/features/documents/document-list";
import { useAnyInProgress } from "@/features/documents/use-any-in-progress";
import { Search, type SearchState } from "@/features/search/search";
import { cn } from "@/lib/class-names";
import { createStore, useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import type { User } from "@/types/api";
import { AccountMenu } from "./account-menu";

type SidebarTab = "conversations" | "documents";

export const sidebarTab = createStore<SidebarTab>("conversations");

type SidebarProps = {
  user: User;
  wide: boolean;
  conversationId: string | null;
  documentId: string | null;
  search: SearchState;
  onSearch: (search: SearchState) => void;
  onOpenDocument: (documentId: string) => void;
  onNavigate: () => void;
  onHide: () => void;
  onShowShortcuts: () => void;
  onLogOut: () => void;
};

export function Sidebar({
  user,
  wide,
  conversationId,
  documentId,
  search,
  onSearch,
  onOpenDocument,
  onNavigate,
  onHide,
  onShowShortcuts,
  onLogOut,
}: SidebarProps) {
  const tab = useStore(sidebarTab);
  const navigate = useNavigate();
  const anyInProgress = useAnyInProgress();
  return (
    <aside
      aria-label={strings.shell.sidebar}
      className={cn(
        "flex min-h-0 flex-col bg-sidebar",
        wide ? "w-72 shrink-0 border-r border-line" : "w-full",
      )}
    >
      <div className="flex h-13 shrink-0 items-center gap-1 pr-2 pl-4">
        <Link
          to="/"
          onClick={onNavigate}
          className="mr-auto flex items-center gap-2.5 rounded-md text-[0.9375rem] font-semibold tracking-tight"
        >
          <img src="/favicon.svg" alt="" className="size-6" />
          {strings.productName}
        </Link>
        <Tooltip label={strings.shell.newConversation}>
          <Link
            to="/"
            onClick={onNavigate}
            aria-label={strings.shell.newConversation}
            className="inline-flex size-8 items-center justify-center rounded-lg text-muted hover:bg-subtle hover:text-text"
          >
            <SquarePen className="size-4" aria-hidden />
          </Link>
        </Tooltip>
        <IconButton
          label={strings.shell.hideSidebar}
          icon={wide ? <PanelLeftClose aria-hidden /> : <X aria-hidden />}
          onClick={onHide}
        />
      </div>
      <Search
        state={search}
        onChange={onSearch}
        conversationId={conversationId}
        onOpen={onNavigate}
      >
        <Tabs.Root
          value={tab}
          onValueChange={(value) => sidebarTab.set(value as SidebarTab)}
          className="flex min-h-0 flex-1 flex-col"
        >
          <Tabs.List
            aria-label={strings.shell.sidebar}
            className="mx-3 mt-1 mb-3 grid shrink-0 grid-cols-2 rounded-lg bg-subtle p-0.5"
          >
            <SidebarTabTrigger value="conversations" label={strings.shell.conversationsTab} />
            <SidebarTabTrigger
              value="documents"
              label={strings.shell.documentsTab}
              busy={anyInProgress}
            />
          </Tabs.List>
          <Tabs.Content value="conversations" className="flex min-h-0 flex-1" tabIndex={-1}>
            <ConversationList
              activeId={conversationId}
              onOpen={onNavigate}
              onDeleted={(id) => {
                if (id === conversationId) void navigate("/");
              }}
            />
          </Tabs.Content>
          <Tabs.Content value="documents" className="flex min-h-0 flex-1" tabIndex={-1}>
            <DocumentList activeId={documentId} onOpen={onOpenDocument} />
          </Tabs.Content>
        </Tabs.Root>
      </Search>
      <AccountMenu
        user={user}
        onNavigate={onNavigate}
        onShowShortcuts={onShowShortcuts}
        onLogOut={onLogOut}
      />
    </aside>
  );
}

type SidebarTabTriggerProps = { value: SidebarTab; label: string; busy?: boolean };

function SidebarTabTrigger({ value, label, busy = false }: SidebarTabTriggerProps) {
  return (
    <Tabs.Trigger
      value={value}
      className="flex h-8 cursor-pointer items-center justify-center gap-1.5 rounded-md text-[0.8125rem] font-medium text-muted transition-colors hover:text-text data-[state=active]:bg-surface data-[state=active]:text-text data-[state=active]:shadow-sm"
    >
      {label}
      {busy && <Spinner className="size-3.5" />}
    </Tabs.Trigger>
  );
}

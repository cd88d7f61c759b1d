import { lazy, Suspense, useCallback, useState } from "react";
import { Group, Panel, Separator, useDefaultLayout } from "react-resizable-panels";
import { Route, Routes, useMatch, useNavigate } from "react-router";
import { Spinner } from "@/components/ui/spinner";
import { DropAnywhere } from "@/features/documents/drop-anywhere";
import { NO_SEARCH } from "@/features/search/search";
import { cn } from "@/lib/class-names";
import { useWideLayout } from "@/lib/media-query";
import { useConversation } from "@/lib/queries/conversations";
import type { SocketClient } from "@/lib/socket-client";
import { strings } from "@/lib/strings";
import type { User } from "@/types/api";
import { ConnectionBar } from "./connection-bar";
import { NotFoundPage } from "./not-found-page";
import { ShortcutsDialog } from "./shortcuts-dialog";
import { Sidebar } from "./sidebar";
import { StartPage } from "./start-page";
import { useShortcuts } from "./use-shortcuts";
import { useSidebarVisibility } from "./use-sidebar-visibility";
import { useViewerLocation } from "./viewer-location";

const SettingsPage = lazy(() => import("./settings-page"));
const ConversationPage = lazy(() => import("./conversation-page"));
const DocumentViewer = lazy(() => import("@/features/documents/viewer/document-viewer"));

type ShellProps = { user: User; socket: SocketClient; onLogOut: () => void };

/** Sidebar, conversation and viewer: side by side where there is room, else one at a time. */
export function Shell({ user, socket, onLogOut }: ShellProps) {
  const wide = useWideLayout();
  const sidebar = useSidebarVisibility(wide);
  const [search, setSearch] = useState(NO_SEARCH);
  const [shortcutsOpen, setShortcutsOpen] = useState(false);
  const conversationId = useMatch("/c/:conversationId")?.params.conversationId ?? null;
  const conversation = useConversation(conversationId).data;
  const viewer = useViewerLocation(conversation?.messages);
  const navigate = useNavigate();
  const splitLayout = useDefaultLayout({
    id: "docchat:viewer-split",
    panelIds: ["chat", "viewer"],
  });

  useShortcuts({
    newConversation: () => void navigate("/"),
    showSidebar: sidebar.show,
    toggleSidebar: sidebar.toggle,
    showShortcuts: () => setShortcutsOpen(true),
    viewer,
  });

  const openDocument = useCallback(
    (documentId: string) => {
      sidebar.hideIfNarrow();
      viewer.openDocument(documentId);
    },
    [sidebar, viewer],
  );

  const viewerOpen = viewer.target !== null;
  const onlySidebar = !wide && sidebar.visible;
  const onlyViewer = !wide && viewerOpen && !sidebar.visible;

  const viewerPane = viewer.target && (
    <Suspense fallback={<PaneLoading />}>
      <DocumentViewer
        target={viewer.target}
        onShowCitation={viewer.showCitation}
        onClose={viewer.close}
      />
    </Suspense>
  );

  return (
    <div className="flex h-dvh flex-col overflow-hidden">
      <a href="#main" className="skip-link">
        {strings.shell.skipToChat}
      </a>
      <ConnectionBar socket={socket} />
      <div className="flex min-h-0 flex-1">
        {sidebar.visible && (
          <Sidebar
            user={user}
            wide={wide}
            conversationId={conversationId}
            documentId={viewer.target?.documentId ?? null}
            search={search}
            onSearch={setSearch}
            onOpenDocument={openDocument}
            onNavigate={sidebar.hideIfNarrow}
            onHide={sidebar.hide}
            onShowShortcuts={() => setShortcutsOpen(true)}
            onLogOut={onLogOut}
          />
        )}
        <div className={cn("min-w-0 flex-1", (onlySidebar || onlyViewer) && "hidden")}>
          <Group
            orientation="horizontal"
            defaultLayout={splitLayout.defaultLayout}
            onLayoutChanged={splitLayout.onLayoutChanged}
          >
            <Panel id="chat" minSize={wide ? "320px" : "0px"} className="flex">
              <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
                <Suspense fallback={<PaneLoading />}>
                  <Routes>
                    <Route path="/" element={<StartPage sidebar={sidebar} />} />
                    <Route
                      path="/c/:conversationId"
                      element={
                        <ConversationPage sidebar={sidebar} onOpenCitation={viewer.openCitation} />
                      }
                    />
                    <Route
                      path="/settings/:section?"
                      element={<SettingsPage user={user} sidebar={sidebar} />}
                    />
                    <Route path="*" element={<NotFoundPage />} />
                  </Routes>
                </Suspense>
              </main>
            </Panel>
            {wide && viewerOpen && (
              <>
                <Separator
                  aria-label={strings.shell.resizeViewer}
                  className="relative w-px bg-line transition-colors after:absolute after:inset-y-0 after:-left-1 after:w-2 data-[separator=active]:bg-accent data-[separator=hover]:bg-accent"
                />
                <Panel id="viewer" minSize="320px" defaultSize="48%">
                  {viewerPane}
                </Panel>
              </>
            )}
          </Group>
        </div>
        {onlyViewer && <div className="min-w-0 flex-1">{viewerPane}</div>}
      </div>
      <DropAnywhere />
      <ShortcutsDialog open={shortcutsOpen} onOpenChange={setShortcutsOpen} />
    </div>
  );
}

function PaneLoading() {
  return (
    <div className="flex h-full flex-1 items-center justify-center">
      <Spinner />
    </div>
  );
}

import { useEffect } from "react";
import { Link, useNavigate } from "react-router";
import { NewConversation } from "@/features/chat/new-conversation";
import { DocumentsSummary } from "@/features/documents/documents-summary";
import { FirstDocuments } from "@/features/documents/first-documents";
import { useUploads } from "@/features/documents/uploads-context";
import { useDocuments } from "@/lib/queries/documents";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { PageHeader } from "./page-header";
import { sidebarTab } from "./sidebar";
import type { SidebarVisibility } from "./use-sidebar-visibility";

/** An empty installation is told what to do; otherwise a new chat begins here. */
export function StartPage({ sidebar }: { sidebar: SidebarVisibility }) {
  const navigate = useNavigate();
  const documents = useDocuments().data;
  const uploads = useStore(useUploads().store);
  const uploading = uploads.length > 0;
  const isEmpty = documents?.length === 0 && !uploads.some(({ state }) => state !== "failed");

  useEffect(() => {
    // What was just added is worth watching.
    if (uploading) sidebarTab.set("documents");
  }, [uploading]);

  return (
    <>
      <PageHeader title="" sidebar={sidebar} />
      {isEmpty ? (
        <FirstDocuments />
      ) : (
        <NewConversation
          onCreated={(id) => {
            sidebarTab.set("conversations");
            void navigate(`/c/${id}`);
          }}
          heading={
            <h1 className="mb-7 text-center text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
              {strings.start.title}
            </h1>
          }
          footer={({ onlyQuotes }) => (
            <div className="mt-4 flex min-h-16 flex-col gap-2">
              <DocumentsSummary />
              {onlyQuotes && <ConnectModelLine />}
            </div>
          )}
        />
      )}
    </>
  );
}

function ConnectModelLine() {
  return (
    <p className="text-center text-sm text-balance text-muted">
      {strings.start.connectModel}{" "}
      <Link
        to="/settings/models"
        className="font-medium text-accent-strong underline underline-offset-3"
      >
        {strings.start.connectModelLink}
      </Link>
      .
    </p>
  );
}

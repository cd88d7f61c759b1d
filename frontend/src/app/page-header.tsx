import { PanelLeftOpen, SquarePen } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { IconButton } from "@/components/ui/icon-button";
import { Tooltip } from "@/components/ui/tooltip";
import { strings } from "@/lib/strings";
import type { SidebarVisibility } from "./use-sidebar-visibility";

type PageHeaderProps = {
  title: string;
  sidebar: SidebarVisibility;
  /** What can be done with what is shown. */
  actions?: ReactNode;
};

/** The bar over the middle column: the way to the sidebar, and where one is. */
export function PageHeader({ title, sidebar, actions }: PageHeaderProps) {
  return (
    <header className="flex h-13 shrink-0 items-center gap-1 px-3">
      {!sidebar.visible && (
        <>
          <IconButton
            label={strings.shell.showSidebar}
            icon={<PanelLeftOpen aria-hidden />}
            onClick={sidebar.show}
          />
          <Tooltip label={strings.shell.newConversation}>
            <Link
              to="/"
              aria-label={strings.shell.newConversation}
              className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-muted hover:bg-subtle hover:text-text"
            >
              <SquarePen className="size-4" aria-hidden />
            </Link>
          </Tooltip>
        </>
      )}
      <h1 className="min-w-0 truncate px-1.5 text-sm font-medium" title={title}>
        {title}
      </h1>
      {actions && <div className="ml-auto flex shrink-0">{actions}</div>}
    </header>
  );
}

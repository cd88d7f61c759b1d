import { Component, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { strings } from "@/lib/strings";

type ErrorBoundaryProps = { children: ReactNode };

/** The last resort when drawing the page fails. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="flex min-h-full flex-col items-center justify-center gap-4 p-6 text-center">
        <p className="max-w-sm text-muted">{strings.errors.page}</p>
        <Button variant="primary" onClick={() => window.location.reload()}>
          {strings.errors.reload}
        </Button>
      </main>
    );
  }
}

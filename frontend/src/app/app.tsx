import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { BrowserRouter } from "react-router";
import { Toaster } from "@/components/ui/toaster";
import { TooltipProvider } from "@/components/ui/tooltip";
import { followTheme } from "@/lib/theme";
import { ErrorBoundary } from "./error-boundary";
import { createQueryClient } from "./query-client";
import { SessionGate } from "./session-gate";

export function App() {
  const [queryClient] = useState(createQueryClient);
  useEffect(followTheme, []);
  return (
    <ErrorBoundary>
      <QueryClientProvider client={queryClient}>
        <TooltipProvider delayDuration={500}>
          <BrowserRouter>
            <SessionGate />
          </BrowserRouter>
          <Toaster />
        </TooltipProvider>
      </QueryClientProvider>
    </ErrorBoundary>
  );
}

import { Link } from "react-router";
import { Button } from "@/components/ui/button";
import { strings } from "@/lib/strings";

export function NotFoundPage() {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-4 p-6">
      <h1 className="text-muted">{strings.errors.notFound}</h1>
      <Button asChild>
        <Link to="/">{strings.errors.startPage}</Link>
      </Button>
    </div>
  );
}

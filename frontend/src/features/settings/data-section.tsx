import { Download } from "lucide-react";
import { Button } from "@/components/ui/button";
import { strings } from "@/lib/strings";
import { ImportForm } from "./import-form";
import { SettingsGroup } from "./settings-layout";

/** All that is the user's, to take away and to bring in. */
export function DataSection() {
  return (
    <>
      <SettingsGroup title={strings.transfer.export} hint={strings.transfer.exportHint}>
        <Button asChild>
          <a href="/api/account/export" download>
            <Download aria-hidden />
            {strings.transfer.download}
          </a>
        </Button>
      </SettingsGroup>
      <SettingsGroup title={strings.transfer.account} hint={strings.transfer.accountHint}>
        <ImportForm
          path="/api/account/import"
          label={strings.transfer.account}
          accept=".zip,application/zip"
        />
      </SettingsGroup>
      <SettingsGroup title={strings.transfer.chats} hint={strings.transfer.chatsHint}>
        <ImportForm
          path="/api/conversations/import"
          label={strings.transfer.chats}
          accept=".zip,.json,application/zip,application/json"
        />
      </SettingsGroup>
    </>
  );
}

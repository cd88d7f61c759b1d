import { MemorySection } from "@/features/memory/memory-section";
import { AccountSection } from "@/features/settings/account-section";
import { AppearanceSection } from "@/features/settings/appearance-section";
import { DataSection } from "@/features/settings/data-section";
import { InvitesSection } from "@/features/settings/invites-section";
import { ModelsSection } from "@/features/settings/models-section";
import { PromptsSection } from "@/features/settings/prompts-section";
import { SettingsLayout, type SettingsSection } from "@/features/settings/settings-layout";
import { UsageSection } from "@/features/settings/usage-section";
import { strings } from "@/lib/strings";
import type { User } from "@/types/api";
import { PageHeader } from "./page-header";
import type { SidebarVisibility } from "./use-sidebar-visibility";

type SettingsPageProps = { user: User; sidebar: SidebarVisibility };

export default function SettingsPage({ user, sidebar }: SettingsPageProps) {
  const sections: SettingsSection[] = [
    { id: "models", title: strings.settings.sections.models, content: <ModelsSection /> },
    { id: "prompts", title: strings.settings.sections.prompts, content: <PromptsSection /> },
    {
      id: "usage",
      title: strings.settings.sections.usage,
      hint: strings.usage.hint,
      content: <UsageSection />,
    },
    {
      id: "appearance",
      title: strings.settings.sections.appearance,
      content: <AppearanceSection />,
    },
    {
      id: "memory",
      title: strings.settings.sections.memory,
      hint: strings.memory.hint,
      content: <MemorySection />,
    },
    {
      id: "data",
      title: strings.settings.sections.data,
      hint: strings.transfer.hint,
      content: <DataSection />,
    },
    { id: "account", title: strings.settings.sections.account, content: <AccountSection /> },
    ...(user.role === "admin"
      ? [
          {
            id: "invites",
            title: strings.settings.sections.invites,
            hint: strings.settings.invitesHint,
            content: <InvitesSection />,
          },
        ]
      : []),
  ];
  return (
    <>
      <PageHeader title={strings.settings.title} sidebar={sidebar} />
      <SettingsLayout sections={sections} />
    </>
  );
}

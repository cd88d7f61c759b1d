import { type ReactNode, useEffect, useRef } from "react";
import { NavLink, useParams } from "react-router";
import { cn } from "@/lib/class-names";
import { strings } from "@/lib/strings";

export type SettingsSection = { id: string; title: string; hint?: string; content: ReactNode };

/** One section at a time; the address says which. */
export function SettingsLayout({ sections }: { sections: readonly SettingsSection[] }) {
  const { section: sectionId } = useParams();
  const current = sections.find(({ id }) => id === sectionId) ?? sections[0];
  const navRef = useRef<HTMLElement>(null);

  useEffect(() => {
    // On a phone there is not room for all of them.
    const link = navRef.current?.querySelector("[aria-current=page]");
    link?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current?.id]);

  return (
    <div className="scroll-quiet flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-2xl px-4 pt-2 pb-16 sm:px-6">
        <nav
          ref={navRef}
          aria-label={strings.settings.title}
          className="scroll-quiet -mx-1 flex gap-1 overflow-x-auto border-b border-line px-1"
        >
          {sections.map(({ id, title }) => (
            <NavLink
              key={id}
              to={`/settings/${id}`}
              aria-current={id === current?.id ? "page" : undefined}
              className={cn(
                "-mb-px border-b-2 border-transparent px-2.5 py-2.5 text-sm whitespace-nowrap text-muted hover:text-text",
                id === current?.id && "border-accent font-medium text-text",
              )}
            >
              {title}
            </NavLink>
          ))}
        </nav>
        {current && (
          <section aria-labelledby="settings-section" className="pt-8">
            <h2 id="settings-section" className="text-xl font-semibold tracking-tight">
              {current.title}
            </h2>
            {current.hint !== undefined && (
              <p className="mt-1.5 text-sm leading-relaxed text-muted">{current.hint}</p>
            )}
            <div className="mt-6">{current.content}</div>
          </section>
        )}
      </div>
    </div>
  );
}

type SettingsGroupProps = { title: string; hint?: string; children: ReactNode };

/** A titled part of a section. */
export function SettingsGroup({ title, hint, children }: SettingsGroupProps) {
  return (
    <div className="mb-10 last:mb-0">
      <h3 className="text-[0.9375rem] font-semibold">{title}</h3>
      {hint !== undefined && <p className="mt-1 text-sm leading-relaxed text-muted">{hint}</p>}
      <div className="mt-4">{children}</div>
    </div>
  );
}

/** Rows in one frame. */
export function SettingsRows({ children }: { children: ReactNode }) {
  return (
    <ul className="divide-y divide-line rounded-xl border border-line bg-surface">{children}</ul>
  );
}

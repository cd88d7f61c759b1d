import { type ReactNode, useState } from "react";
import { strings } from "@/lib/strings";
import { LogInForm } from "./log-in-form";
import { RegisterForm } from "./register-form";

type AuthPageProps = {
  /** No account exists yet: the first one is created here. */
  setupRequired: boolean;
  signupEnabled: boolean;
  /** From ?invite=CODE. */
  invite: string | null;
  /** A session ended while the page was open. */
  expired: boolean;
};

export function AuthPage({ setupRequired, signupEnabled, invite, expired }: AuthPageProps) {
  const [form, setForm] = useState<"log-in" | "register">(
    invite !== null && !expired ? "register" : "log-in",
  );
  const registering = setupRequired || form === "register";
  const canSwitch = !setupRequired && (signupEnabled || invite !== null);

  return (
    <main className="flex min-h-full items-center justify-center px-4 py-10">
      <div className="w-full max-w-sm">
        <img src="/favicon.svg" alt="" className="mb-6 size-11" />
        <h1 className="text-2xl font-semibold tracking-tight">
          {setupRequired
            ? strings.auth.createFirstTitle
            : registering
              ? strings.auth.createTitle
              : strings.auth.logInTitle}
        </h1>
        {setupRequired && <Hint>{strings.auth.createFirstHint}</Hint>}
        {expired && <Hint>{strings.auth.expired}</Hint>}
        <div className="mt-7">{registering ? <RegisterForm invite={invite} /> : <LogInForm />}</div>
        {canSwitch && (
          <p className="mt-6 text-sm text-muted">
            {registering ? strings.auth.haveAccount : strings.auth.noAccount}{" "}
            <button
              type="button"
              className="cursor-pointer font-medium text-accent-strong underline underline-offset-3"
              onClick={() => setForm(registering ? "log-in" : "register")}
            >
              {registering ? strings.auth.toLogIn : strings.auth.toSignUp}
            </button>
          </p>
        )}
      </div>
    </main>
  );
}

function Hint({ children }: { children: ReactNode }) {
  return <p className="mt-2 text-[0.9375rem] leading-relaxed text-muted">{children}</p>;
}

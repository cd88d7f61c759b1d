import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { useChangePassword } from "@/lib/queries/session";
import { strings } from "@/lib/strings";
import { showInfo } from "@/lib/toasts";

export function PasswordForm() {
  const changePassword = useChangePassword();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    changePassword.mutate(
      { current_password: current, new_password: next },
      {
        onSuccess: () => {
          setCurrent("");
          setNext("");
          showInfo(strings.settings.passwordChanged);
        },
      },
    );
  };

  return (
    <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
      <Field
        label={strings.settings.currentPassword}
        type="password"
        autoComplete="current-password"
        required
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
      />
      <Field
        label={strings.settings.newPassword}
        type="password"
        autoComplete="new-password"
        required
        hint={strings.auth.passwordHint}
        minLength={8}
        value={next}
        onChange={(event) => setNext(event.target.value)}
      />
      <FormError error={changePassword.error} />
      <Button type="submit" className="self-start" disabled={changePassword.isPending}>
        {strings.settings.changePassword}
      </Button>
    </form>
  );
}

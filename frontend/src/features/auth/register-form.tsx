import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { useRegister } from "@/lib/queries/session";
import { strings } from "@/lib/strings";

export const MIN_PASSWORD_LENGTH = 8;

export function RegisterForm({ invite }: { invite: string | null }) {
  const register = useRegister();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState(invite ?? "");
  const [checked, setChecked] = useState(false);

  const usernameError = username.trim() === "" ? strings.auth.usernameMissing : null;
  const passwordError = password.length < MIN_PASSWORD_LENGTH ? strings.auth.passwordShort : null;

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setChecked(true);
    if (usernameError !== null || passwordError !== null) return;
    register.mutate({
      username: username.trim(),
      password,
      ...(code.trim() === "" ? {} : { invite: code.trim() }),
    });
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <Field
        label={strings.auth.username}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        required
        value={username}
        error={checked ? usernameError : null}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label={strings.auth.password}
        name="password"
        type="password"
        autoComplete="new-password"
        required
        hint={strings.auth.passwordHint}
        value={password}
        error={checked ? passwordError : null}
        onChange={(event) => setPassword(event.target.value)}
      />
      {invite !== null && (
        <Field
          label={strings.auth.invite}
          name="invite"
          autoComplete="off"
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
      <FormError error={register.error} />
      <Button type="submit" variant="primary" size="large" disabled={register.isPending}>
        {strings.auth.create}
      </Button>
    </form>
  );
}

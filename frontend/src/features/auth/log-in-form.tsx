import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { useLogIn } from "@/lib/queries/session";
import { strings } from "@/lib/strings";

export function LogInForm() {
  const logIn = useLogIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    logIn.mutate({ username: username.trim(), password });
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field
        label={strings.auth.username}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        required
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label={strings.auth.password}
        name="password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <FormError error={logIn.error} />
      <Button type="submit" variant="primary" size="large" disabled={logIn.isPending}>
        {strings.auth.logIn}
      </Button>
    </form>
  );
}

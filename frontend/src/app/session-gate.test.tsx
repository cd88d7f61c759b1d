import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { strings } from "@/lib/strings";
import { fakeServer } from "@/testing/fake-server";
import { renderInApp } from "@/testing/render";
import { SessionGate } from "./session-gate";

const unauthenticated = {
  status: 401,
  body: { error: { code: "not_authenticated", message: "Log in first." } },
};

function config(fields: object) {
  return {
    body: {
      setup_required: false,
      signup_enabled: false,
      api_timeout_ms: 1000,
      max_upload_bytes: 1000,
      memory_enabled: true,
      accepted_types: [],
      version: "1",
      ...fields,
    },
  };
}

describe("the way in", () => {
  it("asks for the first account on an empty installation", async () => {
    const server = fakeServer({
      "GET /api/config": config({ setup_required: true }),
      "GET /api/auth/me": unauthenticated,
      "POST /api/auth/register": {
        status: 422,
        body: { error: { code: "validation_failed", message: "This name is taken." } },
      },
    });
    renderInApp(<SessionGate />);
    await userEvent.type(await screen.findByLabelText(strings.auth.username), "maria");
    await userEvent.type(screen.getByLabelText(strings.auth.password), "short");
    await userEvent.click(screen.getByRole("button", { name: strings.auth.create }));
    expect(screen.getByText(strings.auth.passwordShort)).toBeVisible();
    expect(server.calls.some(({ route }) => route.startsWith("POST"))).toBe(false);

    await userEvent.type(screen.getByLabelText(strings.auth.password), " but longer now");
    await userEvent.click(screen.getByRole("button", { name: strings.auth.create }));
    expect(await screen.findByRole("alert")).toHaveTextContent("This name is taken.");
    expect(server.calls.at(-1)?.body).toEqual({
      username: "maria",
      password: "short but longer now",
    });
    expect(screen.getByLabelText(strings.auth.username)).toHaveValue("maria");
  });

  it("asks to log in, and offers no sign-up where it is closed", async () => {
    fakeServer({ "GET /api/config": config({}), "GET /api/auth/me": unauthenticated });
    renderInApp(<SessionGate />);
    expect(await screen.findByRole("button", { name: strings.auth.logIn })).toBeVisible();
    expect(screen.queryByRole("button", { name: strings.auth.toSignUp })).toBeNull();
  });

  it("links to sign-up where it is open", async () => {
    fakeServer({
      "GET /api/config": config({ signup_enabled: true }),
      "GET /api/auth/me": unauthenticated,
    });
    renderInApp(<SessionGate />);
    await userEvent.click(await screen.findByRole("button", { name: strings.auth.toSignUp }));
    expect(screen.getByRole("button", { name: strings.auth.create })).toBeVisible();
  });

  it("says so, and tries again, when the server is away", async () => {
    const routes = {
      "GET /api/config": { status: 400, body: {} },
      "GET /api/auth/me": unauthenticated,
    };
    fakeServer(routes);
    renderInApp(<SessionGate />);
    const retry = await screen.findByRole("button", { name: strings.actions.retry });
    Object.assign(routes, { "GET /api/config": config({}) });
    await userEvent.click(retry);
    expect(await screen.findByRole("button", { name: strings.auth.logIn })).toBeVisible();
  });
});

// An OpenID Connect provider: node provider.mjs PORT ACCOUNTS CALLBACK GROUPS_IN
// ACCOUNTS is a JSON file, name → claims, read at every sign-in. Everybody logs in by name, with any password.
// GROUPS_IN: "token" puts all claims into the ID token, as Entra ID does; "userinfo" only into the endpoint's answer.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, accounts, callback, groupsIn] = process.argv.slice(2);
const back = new URL("/login/", callback).href;
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "filesure",
      client_secret: "a-secret-of-the-tests",
      redirect_uris: [callback],
      post_logout_redirect_uris: [back],
    },
  ],
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"], email: ["email", "email_verified"] },
  conformIdTokenClaims: groupsIn === "userinfo",
  cookies: { keys: ["a key of the tests"] },
  pkce: { required: () => true },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, ...JSON.parse(readFileSync(accounts))[sub] }),
  }),
});
provider.listen(port, "127.0.0.1");

// The page of the API as a person uses it: register, log in, authorize, insert a row, read a report.
// Usage: node swagger.js URL SCREENSHOT. Exits 0 if every step was answered as it should be.
import { chromium } from "playwright-core";

const [url, screenshot] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
const foreign = [];
page.on("request", (request) => {
  if (!request.url().startsWith(url) && !request.url().startsWith("data:")) {
    foreign.push(request.url());
  }
});
const faults = [];
page.on("pageerror", (error) => faults.push(String(error)));

// Opens an operation, sends what is given, and returns status and body of the answer.
async function execute(operation, body) {
  const block = page.locator(`[id$="-${operation}"].opblock`);
  await block.locator(".opblock-summary-control").first().click();
  if (body !== undefined) {
    await block.locator("textarea.body-param__text").fill(JSON.stringify(body));
  }
  const clear = block.locator("button.btn-clear");  // the answer before would be taken for this one
  if (await clear.isVisible()) {
    await clear.click();
  }
  await block.locator("button.execute").click();
  const answer = block.locator(".live-responses-table .response");
  await answer.waitFor();
  const status = (await answer.locator(".response-col_status").innerText()).split("\n")[0].trim();
  const text = await answer.locator(".highlight-code, .microlight").first().innerText();
  await block.locator(".opblock-summary-control").first().click();
  return { status: Number(status), text };
}

function expect(what, found, wanted) {
  if (found !== wanted) {
    throw new Error(`${what}: ${found}, expected ${wanted}`);
  }
}

try {
  await page.goto(`${url}/swagger-ui/`);
  await page.locator(".opblock").first().waitFor();
  const user = { username: "browser", password: "correct horse battery" };
  expect("register", (await execute("register", user)).status, 201);
  const login = await execute("login", user);
  expect("login", login.status, 200);
  expect("insert without a token", (await execute("insert_jobs", { id: 1, job: "x" })).status, 401);

  const token = /"access_token":\s*"([^"]+)"/.exec(login.text)[1];
  await page.locator("button.authorize").first().click();
  await page.locator(".modal-ux input").fill(token);
  await page.locator(".modal-ux button.authorize").click();
  await page.locator(".modal-ux button.btn-done").click();

  const row = { id: 4001, job: "Archivist" };
  expect("insert", (await execute("insert_jobs", row)).status, 201);
  expect("insert again", (await execute("insert_jobs", row)).status, 409);
  expect("report", (await execute("report_qtrlyhired")).status, 200);
  await page.screenshot({ path: screenshot, fullPage: false });
  expect("requests to other hosts", foreign.join(" "), "");
  expect("errors of the page", faults.join(" "), "");
} finally {
  await browser.close();
}

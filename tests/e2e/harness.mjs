// Serves the built site below a sub-path and opens it in the system's Chromium. A page that logs an
// error, throws, misses a file or asks another origin for anything fails its test.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const SUB_PATH = "/some/sub/path/";
const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MIME = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** The folder of the site: what xtask built for the tests, or dist/ when run by hand. */
export const dist = process.env.KUBARIUM_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));

function browserPath() {
  const folders = (process.env.PATH ?? "").split(":");
  const paths = BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name)));
  return process.env.KUBARIUM_BROWSER ?? paths.find((path) => existsSync(path));
}

/** A file server as a static host would be: only the sub-path exists. */
export async function serve(folder = dist) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const relative = normalize(decodeURIComponent(pathname.slice(SUB_PATH.length)));
    const file = join(folder, relative === "." ? "index.html" : relative);
    try {
      if (!pathname.startsWith(SUB_PATH) || relative.startsWith("..")) throw new Error("outside");
      const body = await readFile(file);
      const type = MIME[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${server.address().port}${SUB_PATH}`;
  return { url, close: () => new Promise((closed) => server.close(closed)) };
}

/** `args` adds flags of Chromium; the frame rate stays capped unless a bench asks otherwise. */
export async function launch(args = []) {
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  flags.push("--disable-background-networking", "--no-first-run", ...args);
  return chromium.launch({ executablePath: browserPath(), headless: true, args: flags });
}

/**
 * Opens the page and collects what goes wrong in `page.faults`. `options` are those of
 * playwright's newContext (viewport, colorScheme, locale, reducedMotion, ...).
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "en-US",
    colorScheme: "light",
    ...options,
  });
  const page = await context.newPage();
  page.faults = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (message.type() === "error") page.faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.faults.push(`uncaught: ${error.stack ?? error}`));
  page.on("request", (request) => {
    const local = ["data:", "blob:"].some((scheme) => request.url().startsWith(scheme));
    if (!local && new URL(request.url()).origin !== origin)
      page.faults.push(`foreign origin: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) page.faults.push(`${response.status()}: ${response.url()}`);
  });
  await page.goto(url);
  await page.waitForFunction(() => document.getElementById("app")?.childElementCount > 0);
  return page;
}

/**
 * Runs `body({page, url, browser, open})` on a fresh page and fails when the page had any fault.
 * `open(options)` opens further pages, watched in the same way.
 */
export async function withPage(body, options = {}) {
  const server = await serve();
  const browser = await launch();
  const pages = [];
  const open = async (more = {}) => {
    const page = await openPage(browser, server.url, { ...options, ...more });
    pages.push(page);
    return page;
  };
  try {
    const page = await open();
    await body({ page, url: server.url, browser, open });
    assert.deepEqual(pages.flatMap((page) => page.faults), []);
  } finally {
    await browser.close();
    await server.close();
  }
}

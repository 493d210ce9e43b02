#!/usr/bin/env node
// Words that any Node understands, so that an old one is told kindly instead of failing on the first new word.
var major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    "bienvenue: this is Node " + process.versions.node + "; it needs Node 24 or later (https://nodejs.org)",
  );
  process.exitCode = 1;
} else {
  import("./start.js");
}

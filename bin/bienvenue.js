#!/usr/bin/env node
// Only syntax that old versions of Node understand, so that they print this message instead of a syntax error.
var major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error("bienvenue: Node 24 or later is required (https://nodejs.org); this is Node " + process.versions.node);
  process.exitCode = 1;
} else {
  import("./start.js");
}

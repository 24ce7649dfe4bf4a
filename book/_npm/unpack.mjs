// Unpacks npm's Chromium into this folder, by the package's own means.
process.env.TMPDIR = import.meta.dirname;
// It brings the libraries that a system may lack, for one of Amazon's.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs24.x";
const { default: chromium } = await import("@sparticuz/chromium");
await chromium.executablePath();

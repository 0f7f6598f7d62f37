import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 2000,
    // Data addresses would need a wider content security policy than the page's own files.
    assetsInlineLimit: 0,
    rolldownOptions: { input: ["index.html", "docs.html"] },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});

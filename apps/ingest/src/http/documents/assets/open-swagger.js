// Shows /openapi.json on /docs. A file of its own: the page's policy allows no script in line.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // Nothing is kept in the browser, and no validator of others is asked.
  persistAuthorization: false,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});

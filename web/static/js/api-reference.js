// <api-reference data-url>: the API's description, read from the OpenAPI document by Swagger UI.
// Nothing is sent from here: who tries a call has a token and a terminal.
//
// Two parts of it are replaced, because our pages have to pass axe: a layout of its own, which is no
// second <main> and gives sections their headings, and names of operations that are text, since they
// stand inside of a button.
const dark = matchMedia("(prefers-color-scheme: dark)");

function parts(words) {
  return ({ React: { createElement: draw } }) => ({
    components: {
      DeepLink: ({ text }) => draw("span", null, text),
      ReferenceLayout: ({ getComponent, specSelectors }) => {
        const ready = specSelectors.loadingStatus() === "success";
        if (!ready) return draw("p", { role: "status" }, words.wait);
        const section = (name) => draw(getComponent(name, true));
        return draw(
          "div",
          { className: "swagger-ui" },
          draw(getComponent("Markdown", true), { source: specSelectors.info().get("description") }),
          draw("h2", null, words.operations),
          section("operations"),
          section("Models"),
        );
      },
    },
  });
}

class ApiReference extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    dark.addEventListener("change", () => this.colour(), { signal: this.stop.signal });
    this.colour();
    globalThis.SwaggerUIBundle({
      domNode: this.querySelector("[data-here]"),
      url: this.dataset.url,
      deepLinking: true,
      docExpansion: "list",
      defaultModelsExpandDepth: 1,
      plugins: [parts(this.dataset)],
      layout: "ReferenceLayout",
      supportedSubmitMethods: [],
      validatorUrl: null,
      onComplete: () => this.setAttribute("ready", ""),
    });
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  // Swagger UI knows dark colours by a class of the page.
  colour() {
    document.documentElement.classList.toggle("dark-mode", dark.matches);
  }
}

customElements.define("api-reference", ApiReference);

"use strict";
// Asks the models of both panels the same and writes their answers as they come.
(() => {
  const at = (id) => document.getElementById(id);
  const panels = [...document.querySelectorAll(".panel")];
  const headers = () => {
    const made = { "Content-Type": "application/json" };
    if (at("key").value) made.Authorization = `Bearer ${at("key").value}`;
    return made;
  };

  const explain = async (response) => {
    try {
      return (await response.json()).error.message;
    } catch {
      return `The service answered ${response.status}.`;
    }
  };

  // Calls `use` with the content of every event until the stream ends.
  const read = async (response, use) => {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const data = event.replace(/^data: /, "");
        if (data !== "[DONE]") use(JSON.parse(data));
      }
    }
  };

  const ask = async (panel, question) => {
    const answer = panel.querySelector(".answer");
    const facts = panel.querySelector(".facts");
    const model = panel.querySelector("select").value;
    const began = performance.now();
    let first = null;
    answer.classList.remove("failed");
    answer.textContent = "";
    facts.textContent = "…";
    try {
      const response = await fetch("/v1/chat/completions", {
        method: "POST",
        headers: headers(),
        body: JSON.stringify({ ...question, model, stream: true, stream_options: { include_usage: true } }),
      });
      if (!response.ok) throw new Error(await explain(response));
      await read(response, (event) => {
        if (event.error) throw new Error(event.error.message);
        const text = event.choices[0]?.delta.content;
        if (text) {
          first ??= performance.now() - began;
          answer.textContent += text;
        }
        if (event.usage) {
          const tokens = event.usage.completion_tokens;
          const whole = performance.now() - began;
          facts.textContent = `${tokens} tokens, first after ${(first ?? whole).toFixed(0)} ms, all after ${whole.toFixed(0)} ms`;
        }
      });
    } catch (error) {
      answer.classList.add("failed");
      answer.textContent = error.message;
      facts.textContent = "";
    }
    return answer.classList.contains("failed") ? null : answer.textContent;
  };

  at("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const messages = [{ role: "user", content: at("prompt").value }];
    if (at("system").value) messages.unshift({ role: "system", content: at("system").value });
    const question = { messages, temperature: at("temperature").valueAsNumber || 0, max_tokens: at("most").valueAsNumber || 1 };
    at("send").disabled = true;
    at("verdict").textContent = "";
    const answers = await Promise.all(panels.map((panel) => ask(panel, question)));
    at("send").disabled = false;
    if (answers.every((text) => text !== null)) {
      at("verdict").textContent = answers[0] === answers[1] ? "Both gave the same answer." : "The answers differ.";
    }
  });

  let examples = [];
  const show = (messages) => {
    at("system").value = messages.find((turn) => turn.role === "system")?.content ?? "";
    at("prompt").value = messages.findLast((turn) => turn.role === "user")?.content ?? "";
  };
  const load = async () => {
    const response = await fetch("/examples", { headers: headers() });
    if (!response.ok) return;
    examples = (await response.json()).examples;
    at("examples").replaceChildren(
      ...examples.map((messages, index) => {
        const option = document.createElement("option");
        option.value = index;
        option.textContent = messages.at(-1).content.trim().split("\n").at(-1).slice(0, 90);
        return option;
      }),
    );
    at("pick").hidden = examples.length === 0;
    if (examples.length && !at("prompt").value) show(examples[0]);
  };
  at("examples").addEventListener("change", (event) => show(examples[event.target.value]));
  at("key").addEventListener("change", load);
  load();
})();

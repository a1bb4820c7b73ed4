// The page around its charts: the choice of an account, tables that can be sorted, sections that unfold when a
// link leads to them, and a page that loads itself anew and shows again what it showed.
"use strict";
(function () {
    const VIEW = "posrec view"; // what sessionStorage keeps it under
    const ALL = "All accounts"; // as the page calls them
    const charts = window.posrecCharts;
    const choice = document.getElementById("account");
    const sorted = new Map(); // by the number of the table: column, and whether it ascends

    function cells(row) {
        return [...row.children];
    }

    // What people read, as something to compare.
    function comparable(cell) {
        const text = cell.dataset.value || cell.textContent;
        const number = Number(text.replace(/[,\s%]/g, ""));
        return text !== "" && Number.isFinite(number) ? number : text;
    }

    // Empty cells stay last, whichever way.
    function compare(a, b, ascends) {
        if (a === "" || b === "") {
            return (a === "") - (b === "");
        }
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
        return ascends ? order : -order;
    }

    function sort(table, number, column, ascends) {
        sorted.set(number, [column, ascends]);
        cells(table.tHead.rows[0]).forEach((head, i) => {
            if (i === column) {
                head.setAttribute("aria-sort", ascends ? "ascending" : "descending");
            } else {
                head.removeAttribute("aria-sort");
            }
        });
        const body = table.tBodies[0];
        body.append(...[...body.rows].map((row) => [comparable(row.cells[column]), row])
            .sort(([a], [b]) => compare(a, b, ascends)).map(([, row]) => row));
    }

    function makeSortable(table, number) {
        cells(table.tHead.rows[0]).forEach((head, column) => {
            const button = document.createElement("button");
            button.type = "button";
            button.append(...head.childNodes);
            button.addEventListener("click", () => {
                const [before, ascends] = sorted.get(number) || [];
                sort(table, number, column, before === column ? !ascends : !head.classList.contains("number"));
            });
            head.append(button);
        });
    }

    // A table that scrolls can be reached by keys, and says what it is.
    function makeScrollable(box, number) {
        const title = box.closest("section, details").querySelector("h2, h3").textContent;
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", `${title}, table ${number + 1}`);
    }

    // The more a month brought or cost, the deeper its colour.
    function colorMonths() {
        const months = [...document.querySelectorAll("#months .table:first-of-type td.number:not(:last-child)")];
        const most = Math.max(...months.map((cell) => Math.abs(comparable(cell)) || 0));
        months.forEach((cell) => cell.style.setProperty("--heat",
            `${Math.round(Math.abs(comparable(cell) || 0) / most * 30) || 0}%`));
    }

    // Totals have rows, charts and tiles of their own; of other tables all rows are of all accounts.
    function show(account) {
        document.querySelectorAll("[data-account]").forEach((part) => {
            const isTotal = part.closest("#answer, #curve") !== null;
            part.hidden = part.dataset.account !== account && (isTotal || account !== "");
        });
        document.querySelectorAll("table").forEach((table) => {
            if (table.rows[0].cells[0].textContent === "Account") {
                const totals = table.closest("#months") !== null;
                table.classList.add("of-account");
                [...table.tBodies[0].rows].forEach((row) => {
                    const of = row.cells[0].textContent;
                    row.hidden = of !== (account || ALL) && (totals || account !== "");
                });
            }
        });
        document.body.classList.toggle("one", account !== "");
        charts.drawVisible();
    }

    function unfold() {
        const target = location.hash && document.getElementById(location.hash.slice(1));
        if (target && target.tagName === "DETAILS") {
            target.open = true;
        }
    }

    // Shows again what was looked at before the page loaded itself, and does so after `ms`.
    function reloadEvery(ms) {
        const kept = JSON.parse(sessionStorage.getItem(VIEW) || "null");
        sessionStorage.removeItem(VIEW);
        history.scrollRestoration = "manual";
        if (kept) {
            const tables = document.querySelectorAll("table");
            kept.open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
            kept.sorted.forEach(([number, [column, ascends]]) => tables[number] && sort(tables[number], number, column, ascends));
            if (choice && [...choice.options].some((option) => option.value === kept.account)) {
                choice.value = kept.account;
                show(kept.account);
            }
            charts.drawVisible();
            charts.showSpan(kept.zoomed);
            window.scrollTo(kept.left, kept.top);
        }
        setTimeout(() => {
            sessionStorage.setItem(VIEW, JSON.stringify({
                zoomed: charts.zoomed(),
                left: window.scrollX,
                top: window.scrollY,
                account: choice && choice.value,
                open: [...document.querySelectorAll("details[open]")].map((part) => part.id),
                sorted: [...sorted],
            }));
            location.reload();
        }, ms);
    }

    document.querySelectorAll(".table").forEach(makeScrollable);
    document.querySelectorAll("table").forEach(makeSortable);
    document.querySelectorAll("details").forEach((part) => part.addEventListener("toggle", charts.drawVisible));
    if (choice && choice.options.length > 1) {
        choice.parentNode.hidden = false;
        choice.addEventListener("change", () => show(choice.value));
        show(choice.value);
    } else if (choice && choice.options.length === 1) {
        show(choice.value);
    }
    colorMonths();
    unfold();
    window.addEventListener("hashchange", unfold);
    charts.drawVisible();
    const refresh = document.querySelector("meta[name=posrec-refresh-ms]");
    if (refresh) {
        reloadEvery(Number(refresh.content));
    }
})();

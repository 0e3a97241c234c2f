// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a page that is found counts: Sphinx's own numbers, and then guides before reference, and both before what tells of the
// inside. Who types a question is a reader with a problem.
var Scorer = {
  score: ([page, , , , score]) => {
    if (page.startsWith("docs/guides/") || page.startsWith("docs/integrations/")) return score + 12;
    if (page === "index" || page.startsWith("reference/")) return score + 6;
    return score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

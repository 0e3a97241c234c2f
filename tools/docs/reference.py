# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One page for each public header, from Doxygen's XML: everything in the order in which the header has it, as directives
of Sphinx's domains for C and C++."""
import collections
import itertools
import pathlib
import re
import xml.etree.ElementTree as xml

from prose import Prose, indented

KINDS = {"function": "func", "typedef": "type", "enum": "enum", "define": "macro", "struct": "struct",
         "variable": "var"}
# Functions of hosts that headers speak of, by names that we have, too.
OF_OTHERS = {"chime/asio.hpp": {"run"}, "chime/boost_asio.hpp": {"run"}}
SECTION = re.compile(r"^// --- (.*?) -+$")


def text_of(element):
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def name_of(entity):
    """With its scope, if Doxygen says it."""
    return next(filter(None, (text_of(entity.find(part)) for part in ("qualifiedname", "name", "compoundname"))), "")


def line_of(entity):
    return int(entity.find("location").get("line"))


def is_shown(member):
    """Doxygen has failed already if a name needs words and has none: what is left out is deleted or means the usual."""
    return member.get("prot") == "public" and (has_words(member) or member.get("kind") == "enum")


def has_words(entity):
    return any(text_of(entity.find(part)) for part in ("briefdescription", "detaileddescription"))


class Header:
    """One public header: its XML, and everything that it declares."""

    def __init__(self, path, doxygen):
        self.path = path  # such as chime/event.hpp
        self.is_c = path.endswith(".h")
        self.domain = "c" if self.is_c else "cpp"
        self.file = next(f for f in doxygen.files if f.find("location").get("file").endswith(path))
        found = [e for e in doxygen.entities if e.find("location").get("file").endswith(path)]
        structs = {text_of(e.find("compoundname")) for e in found if e.tag == "compounddef"}
        self.entities = sorted((e for e in found if not is_alias_of(e, structs)), key=line_of)


def is_alias_of(entity, structs):
    """`typedef struct x {...} x`: the struct stands for both."""
    return entity.get("kind") == "typedef" and text_of(entity.find("name")) in structs


def sections_of(source):
    """The parts that a header is cut into: line, title, and what is said of all that follows."""
    found = []
    for number, line in enumerate(source):
        if title := SECTION.match(line):
            after = itertools.takewhile(lambda text: text.startswith("// "), source[number + 1:])
            found.append((number, title.group(1), " ".join(text.removeprefix("// ") for text in after)))
    return found


def own_title(entity, last):
    """In a header without sections: the name, but for those that come before all others, and overloads."""
    name = text_of(entity.find("name")) or text_of(entity.find("compoundname")).removeprefix("chime::")
    is_small = entity.get("kind") in ("typedef", "variable", "define")
    return None if name == last or is_small and last is None else name


class Doxygen:
    def __init__(self, folder):
        self.files, self.entities = [], []
        for path in sorted(pathlib.Path(folder).glob("*.xml")):
            for compound in xml.parse(path).getroot().iter("compounddef"):
                kind, name = compound.get("kind"), text_of(compound.find("compoundname"))
                if kind == "file":
                    self.files.append(compound)
                    self.entities += [m for m in compound.iter("memberdef") if not name_of(m).startswith("chime::")]
                elif kind == "namespace" and name == "chime":
                    self.entities += compound.iter("memberdef")
                elif kind in ("class", "struct") and has_words(compound):
                    self.entities.append(compound)
        self.entities = [e for e in self.entities if e.tag == "compounddef" or is_shown(e)]


def linker_of(header, doxygen):
    """Finds the role of names: those of C by their kind, those of C++ by their only meaning, or else by what Sphinx finds
    in their scope, and errors without their scope, since they are spoken of without it."""
    c_roles, cpp_names, errors = {}, collections.defaultdict(set), {}
    for entity in doxygen.entities:
        name = text_of(entity.find("name")) or text_of(entity.find("compoundname"))
        in_c = not name_of(entity).startswith("chime::")
        if in_c:
            c_roles[name] = ":c:" + KINDS[entity.get("kind")] + ":`{}`"
            for value in entity.findall("enumvalue"):
                c_roles[text_of(value.find("name"))] = ":c:enumerator:`{}`"
        else:
            if name in ("errc", "fault"):
                values = [text_of(value.find("name")) for value in entity.findall("enumvalue")]
                errors |= {value: f":cpp:any:`{{}} <chime::{name}::{value}>`" for value in values}
            for inner in [entity, *entity.iter("memberdef"), *entity.iter("enumvalue")]:
                own = name_of(inner)
                parts = own.split("::")
                for i in range(len(parts)):
                    cpp_names["::".join(parts[i:])].add(own)

    def link(name):
        if name in c_roles:
            return c_roles[name]
        if header.is_c:
            return None
        meanings = cpp_names.get(name, ())
        if name in errors or not meanings:
            return errors.get(name)
        only = next(iter(meanings)) if len(meanings) == 1 else ""
        return f":cpp:any:`{{}} <{only}>`" if only.startswith("chime::") else ":cpp:any:`{}`"

    return link


class Page:
    def __init__(self, header, doxygen):
        self.header = header
        self.prose = Prose(linker_of(header, doxygen))
        self.lines = []

    def write(self, source):
        title = self.header.path
        self.lines = [title, "=" * len(title), ""]
        if not self.header.is_c:
            self.lines += [".. cpp:namespace:: chime", ""]
        self.lines += self.words(self.header.file)
        sections = sections_of(source)
        last = None
        for entity in self.header.entities:
            title = own_title(entity, last) if not sections and not self.header.is_c else None
            introduction = ""
            while sections and sections[0][0] < line_of(entity):
                _, title, introduction = sections.pop(0)
            if title:
                self.lines += [title, "-" * len(title), "", *self.prose.of_text(introduction)]
                last = title
            self.lines += self.entity(entity)
        return "\n".join(self.lines) + "\n"

    def words(self, entity):
        parameters = {text_of(name) for name in entity.findall("param/declname")}
        self.prose.others = parameters | OF_OTHERS.get(self.header.path, set())
        return self.prose.of(entity.find("briefdescription"), entity.find("detaileddescription"))

    def directive(self, kind, signature, body):
        return [f".. {self.header.domain}:{kind}:: {signature}", "", *indented(body, "   "), ""]

    def entity(self, entity):
        if entity.tag == "compounddef":
            return self.compound(entity)
        return getattr(self, "member_" + entity.get("kind"))(entity)

    def compound(self, entity):
        body = self.words(entity)
        members = [m for m in entity.iter("memberdef") if is_shown(m)]
        for member in sorted(members, key=line_of):
            body += self.entity(member)
        name = text_of(entity.find("compoundname")).removeprefix("chime::")
        return self.directive(entity.get("kind"), template_of(entity) + name, body)

    def member_function(self, member):
        words = [*specifiers_of(member), text_of(member.find("type")), text_of(member.find("name"))]
        signature = " ".join(words).strip()
        arguments = re.sub(r"\s*=\s*default$", "", text_of(member.find("argsstring")))
        if self.header.is_c:
            signature = re.sub(r"\binline ", "", signature)
        return self.directive("function", template_of(member) + signature + arguments, self.words(member))

    member_friend = member_function

    def member_variable(self, member):
        signature = text_of(member.find("type")) + " " + text_of(member.find("name")) + text_of(member.find("argsstring"))
        value = text_of(member.find("initializer"))
        if value and not self.header.is_c and value not in ("= {}", "= nullptr") and "sync::" not in value:
            signature += " " + value
        return self.directive("member" if self.header.is_c else "var", signature, self.words(member))

    def member_typedef(self, member):
        name, meaning = text_of(member.find("name")), text_of(member.find("type"))
        arguments = text_of(member.find("argsstring"))
        if not self.header.is_c:
            shown = "" if "detail::" in meaning else " = " + meaning + arguments
            return self.directive("type", template_of(member) + name + shown, self.words(member))
        if meaning == "struct " + name:
            return self.directive("struct", name, self.words(member))
        return self.directive("type", meaning + " " + name + arguments, self.words(member))

    def member_enum(self, member):
        name = text_of(member.find("name"))
        body = self.words(member)
        for value in member.findall("enumvalue"):
            number = text_of(value.find("initializer")) if self.header.is_c else ""
            body += self.directive("enumerator", (text_of(value.find("name")) + " " + number).strip(), self.words(value))
        if name.startswith("@"):
            return body  # numbers with names: there is no type
        if self.header.is_c:
            return self.directive("enum", name, body)
        under = text_of(member.find("type"))
        return self.directive("enum-class", name + (" : " + under if under else ""), body)

    def member_define(self, member):
        # A macro without arguments is the same for C and C++.
        return [f".. c:macro:: {text_of(member.find('name'))}", "", *indented(self.words(member), "   "), ""]


def template_of(entity):
    listing = entity.find("templateparamlist")
    if listing is None:
        return ""
    parameters = []
    for parameter in listing:
        default = text_of(parameter.find("defval"))
        spelled = (text_of(parameter.find("type")) + " " + text_of(parameter.find("declname"))).strip()
        parameters.append(spelled + (" = " + default if default else ""))
    requires = text_of(entity.find("requiresclause"))
    return "template<" + ", ".join(parameters) + "> " + (f"requires {requires} " if requires else "")


def specifiers_of(member):
    return [word for word in ("static", "explicit") if member.get(word) == "yes"]


def write_pages(include, doxygen_folder, output):
    """Writes output/HEADER.rst for each public header, and returns the headers."""
    doxygen = Doxygen(doxygen_folder)
    headers = sorted(path.name for pattern in ("*.h", "*.hpp") for path in (include / "chime").glob(pattern))
    output.mkdir(parents=True, exist_ok=True)
    for name in headers:
        source = (include / "chime" / name).read_text().splitlines()
        page = Page(Header("chime/" + name, doxygen), doxygen)
        (output / f"{name}.rst").write_text(page.write(source))
    return headers

package catalog

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
	"unicode/utf8"

	"productgenerator/models"
)

// maxTemplateText is how long each text of a template may be, in characters.
const maxTemplateText = 5_000

// pattern is a text with placeholders, parsed and checked. The language is a small part of Go's text/template:
//
//	{{.Name}} {{.SKU}} {{.Brand}} {{.Category}} {{.Description}}   a field of the product
//	{{.Attributes.Material}} {{attribute "Screen size"}}          an attribute, whatever its case
//	{{if .Brand}}by {{.Brand}}{{else}}unbranded{{end}}            a choice: is the field filled?
//	{{- and -}}                                                   trim the white space beside them
//	{{/* a remark */}}
//
// There are no loops, calls, variables or pipelines. What a product says is put in as it stands and never read as a
// template again. A field that the product lacks is empty.
type pattern struct{ nodes *parse.ListNode }

// parsePattern parses and checks a template's text. The field error, if any, names the place as line:column, and what
// stands there unless it is no placeholder at all.
func parsePattern(text string, path ...string) (pattern, *models.FieldError) {
	if strings.TrimSpace(text) == "" {
		return pattern{}, &models.FieldError{Path: path, Code: models.FieldRequired}
	}
	if code := models.CheckText(text, maxTemplateText); code != "" {
		return pattern{}, &models.FieldError{Path: path, Code: code, Limit: maxTemplateText}
	}
	const name = "template"
	known := map[string]any{"attribute": func() {}}
	trees, err := parse.Parse(name, text, "", "", known)
	if err != nil {
		return pattern{}, &models.FieldError{Path: path, Code: models.FieldInvalid, Place: placeOfError(err.Error(), name)}
	}
	tree := trees[name]
	if len(trees) != 1 || tree == nil {
		return pattern{}, &models.FieldError{Path: path, Code: models.FieldInvalid, Place: "1:1", Token: "define"}
	}
	if bad := firstForbidden(tree.Root); bad != nil {
		return pattern{}, &models.FieldError{
			Path: path, Code: models.FieldInvalid, Place: placeOf(text, int(bad.Position())), Token: clip(bad.String(), 60),
		}
	}
	return pattern{nodes: tree.Root}, nil
}

// placeOfError takes the line out of the parser's "template: name:line: what", which names no column. What it says is
// for those who write Go.
func placeOfError(message, name string) string {
	line, _, _ := strings.Cut(strings.TrimPrefix(message, "template: "+name+":"), ":")
	return line + ":1"
}

// placeOf is a byte offset as line:column, both from 1, the column in characters.
func placeOf(text string, offset int) string {
	before := text[:min(offset, len(text))]
	line := strings.Count(before, "\n")
	return fmt.Sprintf("%d:%d", line+1, utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])+1)
}

func clip(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit]) + "…"
}

// firstForbidden finds the first node that the language does not have, nil if there is none.
func firstForbidden(node parse.Node) parse.Node {
	switch node := node.(type) {
	case *parse.ListNode:
		if node == nil {
			return nil
		}
		for _, child := range node.Nodes {
			if bad := firstForbidden(child); bad != nil {
				return bad
			}
		}
		return nil
	case *parse.TextNode, *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		return forbiddenPipe(node.Pipe)
	case *parse.IfNode:
		if bad := forbiddenPipe(node.Pipe); bad != nil {
			return bad
		}
		if bad := firstForbidden(node.List); bad != nil {
			return bad
		}
		return firstForbidden(node.ElseList)
	default:
		return node
	}
}

// forbiddenPipe wants a single field or attribute: anything else is returned.
func forbiddenPipe(pipe *parse.PipeNode) parse.Node {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 {
		return pipe
	}
	args := pipe.Cmds[0].Args
	switch first := args[0].(type) {
	case *parse.FieldNode:
		if len(args) == 1 && isField(first.Ident) {
			return nil
		}
		return first
	case *parse.IdentifierNode:
		if len(args) == 2 && first.Ident == "attribute" && args[1].Type() == parse.NodeString {
			return nil
		}
		return first
	default:
		return first
	}
}

func isField(path []string) bool {
	if len(path) == 2 {
		return path[0] == "Attributes"
	}
	return len(path) == 1 && slices.Contains([]string{"Name", "SKU", "Brand", "Category", "Description"}, path[0])
}

// render writes the text for a product and tidies it. It returns a code where the text grows beyond a version's bound.
func (p pattern) render(product models.Product) (string, models.FieldCode) {
	r := renderer{product: product}
	r.list(p.nodes)
	if r.full {
		return "", models.FieldTooLong
	}
	text := tidy(r.out.String())
	if utf8.RuneCountInString(text) > models.MaxContentText {
		return "", models.FieldTooLong
	}
	return text, ""
}

// renderer writes nodes that were checked before, up to a bound.
type renderer struct {
	product models.Product
	out     strings.Builder
	full    bool
}

// maxRendered bounds what is written before it is tidied, in bytes: a version's characters may take four each.
const maxRendered = 4 * models.MaxContentText

func (r *renderer) write(text string) {
	if r.out.Len()+len(text) > maxRendered {
		r.full = true
		return
	}
	r.out.WriteString(text)
}

func (r *renderer) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		if r.full {
			return
		}
		switch node := node.(type) {
		case *parse.TextNode:
			r.write(string(node.Text))
		case *parse.ActionNode:
			r.write(r.value(node.Pipe))
		case *parse.IfNode:
			if r.value(node.Pipe) != "" {
				r.list(node.List)
			} else {
				r.list(node.ElseList)
			}
		}
	}
}

// value is what the product says there, empty where it says nothing.
func (r *renderer) value(pipe *parse.PipeNode) string {
	args := pipe.Cmds[0].Args
	if field, ok := args[0].(*parse.FieldNode); ok {
		if len(field.Ident) == 2 {
			return r.attribute(field.Ident[1])
		}
		switch field.Ident[0] {
		case "Name":
			return r.product.Name
		case "SKU":
			return deref(r.product.SKU)
		case "Brand":
			return deref(r.product.Brand)
		case "Category":
			return deref(r.product.Category)
		default:
			return r.product.Description
		}
	}
	return r.attribute(args[1].(*parse.StringNode).Text)
}

// attribute is the values of the attribute, whatever the case of its name.
func (r *renderer) attribute(name string) string {
	var values []string
	for _, attribute := range r.product.Attributes {
		if strings.EqualFold(attribute.Name, name) {
			values = append(values, attribute.Value)
		}
	}
	return strings.Join(values, ", ")
}

// tidy closes the gaps that empty fields leave: doubled spaces, a space before a comma or full stop, empty brackets,
// more than one blank line.
func tidy(text string) string {
	brackets := strings.NewReplacer("()", "", "( )", "")
	marks := strings.NewReplacer(" ,", ",", " .", ".", " ;", ";", " )", ")", "( ", "(")
	var out strings.Builder
	blank := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = brackets.Replace(strings.Join(strings.Fields(line), " "))
		line = marks.Replace(strings.Join(strings.Fields(line), " "))
		if line == "" {
			blank++
			continue
		}
		if out.Len() > 0 {
			out.WriteString(strings.Repeat("\n", min(blank, 1)+1))
		}
		blank = 0
		out.WriteString(line)
	}
	return out.String()
}

package command

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/config"
)

func newLanguageCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "language [BLOCK]",
		Short: "Print the language's blocks and arguments",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			blocks, err := languageBlocks(args)
			if err != nil {
				return err
			}
			if a.wantsJSON() {
				enc := json.NewEncoder(a.host.Stdout)
				enc.SetIndent("", "  ")
				enc.SetEscapeHTML(false)
				return enc.Encode(struct {
					FormatVersion string            `json:"format_version"`
					Blocks        []config.BlockDoc `json:"blocks"`
				}{config.Version, blocks})
			}
			var b strings.Builder
			describeBlocks(&b, blocks, 0)
			_, err = fmt.Fprint(a.host.Stdout, b.String())
			return err
		},
	}
}

// languageBlocks returns all blocks, or those of one type.
func languageBlocks(args []string) ([]config.BlockDoc, error) {
	all := config.Language()
	if len(args) == 0 {
		return all, nil
	}
	var found []config.BlockDoc
	var names []string
	var visit func([]config.BlockDoc)
	visit = func(blocks []config.BlockDoc) {
		for _, b := range blocks {
			names = append(names, b.Type)
			if b.Type == args[0] {
				found = append(found, b)
			}
			visit(b.Blocks)
		}
	}
	visit(all)
	if len(found) == 0 {
		return nil, usageError("the language has no block %q%s", args[0], config.DidYouMean(args[0], names))
	}
	return found, nil
}

func describeBlocks(b *strings.Builder, blocks []config.BlockDoc, depth int) {
	indent := strings.Repeat("  ", depth)
	for _, doc := range blocks {
		fmt.Fprintf(b, "%s%s  %s\n", indent, header(doc), remark(doc))
		for _, argument := range doc.Arguments {
			if argument.Unsupported {
				continue
			}
			fmt.Fprintf(b, "%s  %-22s %s\n", indent, argument.Name, argumentRemark(argument))
		}
		describeBlocks(b, doc.Blocks, depth+1)
		if depth == 0 {
			b.WriteString("\n")
		}
	}
}

func header(doc config.BlockDoc) string {
	words := []string{doc.Type}
	for i, label := range doc.Labels {
		if i == 0 && doc.Driver != "" {
			words = append(words, fmt.Sprintf("%q", doc.Driver))
			continue
		}
		words = append(words, strings.ToUpper(label))
	}
	return strings.Join(words, " ")
}

func remark(doc config.BlockDoc) string {
	if !doc.Supported {
		return "(not supported by this version) " + doc.Doc
	}
	return doc.Doc
}

func argumentRemark(argument config.ArgumentDoc) string {
	notes := []string{string(argument.Type)}
	if argument.Required {
		notes = append(notes, "required")
	}
	if argument.Default != nil {
		notes = append(notes, "default "+string(argument.Default))
	}
	if len(argument.OneOf) > 0 {
		notes = append(notes, "one of "+strings.Join(argument.OneOf, ", "))
	}
	return fmt.Sprintf("%s (%s)", argument.Doc, strings.Join(notes, "; "))
}

package tfchange

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Graph tells what each resource and output of a configuration is made from,
// by addresses without instance keys.
type Graph struct {
	needs     map[string][]string
	resources map[string]bool // managed ones and data sources
}

var (
	graphEdge = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*") -> ("(?:[^"\\]|\\.)*")$`)
	graphNode = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*") \[.*shape = "box"\]$`)
)

// ReadGraph reads what "terraform graph -type=plan" prints. Terraform's JSON
// of a configuration leaves out locals, and with them what leads through them.
func ReadGraph(dot []byte) (Graph, error) {
	g := Graph{needs: map[string][]string{}, resources: map[string]bool{}}
	if !bytes.HasPrefix(bytes.TrimSpace(dot), []byte("digraph")) {
		return g, errors.New("terraform graph: the answer is no graph")
	}
	for line := range bytes.Lines(dot) {
		line := string(bytes.TrimRight(line, "\r\n"))
		if node := graphNode.FindStringSubmatch(line); node != nil {
			name, err := graphName(node[1])
			if err != nil {
				return g, err
			}
			g.resources[name] = true
		}
		edge := graphEdge.FindStringSubmatch(line)
		if edge == nil {
			continue
		}
		from, err := graphName(edge[1])
		if err != nil {
			return g, err
		}
		to, err := graphName(edge[2])
		if err != nil {
			return g, err
		}
		if from != to {
			g.needs[from] = append(g.needs[from], to)
		}
	}
	for name := range g.needs {
		slices.Sort(g.needs[name])
		g.needs[name] = slices.Compact(g.needs[name])
	}
	return g, nil
}

// graphName makes an address of a node's name. A module or a provider that is
// closed is another node than the one that is opened: what waits for the end
// of a module waits for all that is in it.
func graphName(quoted string) (string, error) {
	name, err := strconv.Unquote(quoted)
	if err != nil {
		return "", fmt.Errorf("terraform graph: the name %s cannot be read", quoted)
	}
	name = strings.TrimPrefix(name, "[root] ")
	if at := strings.LastIndex(name, " ("); at >= 0 && !strings.HasSuffix(name, " (close)") {
		name = name[:at]
	}
	if strings.HasPrefix(name, "provider[") || strings.Contains(name, ".provider[") {
		return name, nil
	}
	return configured(name), nil
}

// configured takes the instance keys out of an address.
func configured(address string) string {
	var out strings.Builder
	inside, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && inside > 0:
			quoted = !quoted
		case c == '[' && !quoted:
			inside++
		case c == ']' && !quoted && inside > 0:
			inside--
		case inside == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// path is the shortest way from what needs to one of the wanted addresses,
// both ends included; nil if there is none. Where it begins does not count.
func (g Graph) path(from string, wanted map[string]bool) []string {
	cameFrom := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && wanted[at] {
			var way []string
			for ; at != ""; at = cameFrom[at] {
				way = append(way, at)
			}
			slices.Reverse(way)
			return way
		}
		for _, next := range g.needs[at] {
			if _, seen := cameFrom[next]; !seen {
				cameFrom[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// resourcesOf are the resources that something is made from, in order.
func (g Graph) resourcesOf(from string) []string {
	seen := map[string]bool{from: true}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range g.needs[queue[0]] {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	delete(seen, from)
	maps.DeleteFunc(seen, func(name string, _ bool) bool { return !g.resources[name] })
	return slices.Sorted(maps.Keys(seen))
}

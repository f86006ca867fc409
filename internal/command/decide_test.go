package command

import "testing"

func TestCutImport(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"aws_s3_bucket.logs=my-logs":     {"aws_s3_bucket.logs", "my-logs"},
		`module.m["a=b"].x.y[0]=arn:z=1`: {`module.m["a=b"].x.y[0]`, "arn:z=1"},
		`x.y["a\"=b"]=[i]`:               {`x.y["a\"=b"]`, "[i]"},
		"x.y":                            {},
		`x.y["k=v"]`:                     {},
		"=id":                            {"", "id"},
		"x.y=":                           {"x.y", ""},
		`x.y["never closed]=id`:          {},
		"azurerm_resource_group.a=/subscriptions": {"azurerm_resource_group.a", "/subscriptions"},
	} {
		if address, id := cutImport(text); address != want[0] || id != want[1] {
			t.Errorf("%s is cut into %q and %q, want %q", text, address, id, want)
		}
	}
}

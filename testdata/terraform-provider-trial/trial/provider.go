// Package trial is the provider: resources and a data source over the
// folder of package cloud.
package trial

import (
	"context"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

type trialProvider struct {
	active *atomic.Int64 // calls of the cloud that are under way
}

// New returns what makes the provider; active counts the calls of its cloud.
func New(active *atomic.Int64) func() provider.Provider {
	return func() provider.Provider { return trialProvider{active} }
}

func (trialProvider) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "trial"
}

func (trialProvider) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"cloud": schema.StringAttribute{
			Required:    true,
			Description: "Absolute path of the folder that is the cloud; it is made if there is none.",
		},
	}}
}

func (p trialProvider) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	var settings struct {
		Cloud types.String `tfsdk:"cloud"`
	}
	response.Diagnostics.Append(request.Config.Get(ctx, &settings)...)
	if response.Diagnostics.HasError() || settings.Cloud.IsUnknown() {
		return
	}
	c, err := cloud.Open(settings.Cloud.ValueString(), p.active)
	if err != nil {
		response.Diagnostics.AddError("the cloud cannot be used", err.Error())
		return
	}
	response.ResourceData = c
	response.DataSourceData = c
}

func (trialProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newObject, newDatabase, newNetworkRule, newPostgresDatabase}
}

func (trialProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newObjectSource}
}

using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Reference;
using Xunit;

namespace InferenceServer.Core.Tests.Reference;

public sealed class ModelConfigReferenceTests
{
    [Fact]
    public void Read_EveryMessageAndField_IsExplained() => Assert.All(ModelConfigReference.Read(), static message =>
    {
        Assert.NotEmpty(message.Help);
        Assert.All(message.Fields, field => Assert.True(field.Help.Length > 0, $"{message.Name}.{field.Name} has no comment in model_config.proto"));
    });

    [Fact]
    public void Read_FieldsThatAreNotActedUpon_AreMarkedAsTheTableSays()
    {
        var fields = ModelConfigReference.Read().SelectMany(static message => message.Fields.Select(field => (Name: $"{message.Name}.{field.Name}", Field: field))).ToDictionary(static one => one.Name, static one => one.Field);
        Assert.All(UnusedFeatureTable.Rows, row =>
        {
            Assert.Equal(row.IsError ? FieldState.Refused : FieldState.Ignored, fields[row.Field].State);
            Assert.Equal(row.Note, fields[row.Field].Note);
        });
        Assert.Equal(FieldState.Works, fields["ModelConfig.max_batch_size"].State);
        Assert.Equal(FieldState.Ignored, fields["ModelOptimizationPolicy.Cuda.graphs"].State);
    }

    [Fact]
    public void Read_MapsListsAndChoices_AreToldApart()
    {
        var config = ModelConfigReference.Read()[0];
        var parameters = config.Fields.Single(static field => field.Name == "parameters");
        Assert.Equal("ModelConfig", config.Name);
        Assert.Equal((true, false, "ModelParameter"), (parameters.IsMap, parameters.IsList, parameters.Message));
        Assert.Equal("sequence_batching, ensemble_scheduling", config.Fields.Single(static field => field.Name == "dynamic_batching").Choice);
        Assert.True(config.Fields.Single(static field => field.Name == "input") is { IsList: true, IsMap: false, Message: "ModelInput" });
    }

    [Fact]
    public void Parse_CommentOfSeveralLinesAndOneThatBelongsToNothing_AreReadAsTheyStand()
    {
        var comments = ProtoComments.Parse(["// Lost.", "", "// The message.", "message A {", "  oneof choice {", "    // Two", "    // lines.", "    string b = 1;", "  }", "  map<string, A> c = 2;", "}"]);
        Assert.Equal("The message.", comments["A"]);
        Assert.Equal("Two lines.", comments["A.b"]);
        Assert.Equal(2, comments.Count);
    }
}

using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Models that would take everything, if a client asked for it.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class HostileModelTests(BesiegedServer server)
{
    /// <summary>A client tells how large the answer is to be: more than there is of memory.</summary>
    [Theory]
    [InlineData("[1099511627776,16]")]
    [InlineData("[9223372036854775807,2]")]
    [InlineData("[4611686018427387904,4]")]
    [InlineData("[-1,4]")]
    public async Task Answer_LargerThanMemory_IsAnError(string shape)
    {
        server.Repository.Write("filler/1/model.onnx", new OnnxModelBuilder()
            .Input("shape", OnnxElementType.Int64, 2).Output("y", OnnxElementType.Float, "a", "b").Node("ConstantOfShape", ["shape"], ["y"]).Build());
        try
        {
            var (status, body) = await server.PostAsync("/v2/repository/models/filler/load", "");
            Assert.True(status == 200, body);
            string Ask(string dimensions) => $$"""{"inputs":[{"name":"shape","datatype":"INT64","shape":[2],"data":{{dimensions}}}]}""";
            (status, body) = await server.PostAsync("/v2/models/filler/infer", Ask(shape));
            Assert.True(status is 400 or 429 or 500 or 503, body);
            (status, body) = await server.PostAsync("/v2/models/filler/infer", Ask("[2,1]"));
            Assert.True(status == 200 && body.Contains("\"data\":[0.0,0.0]", StringComparison.Ordinal), body);
            (status, body) = await server.PostAsync("/v2/repository/models/filler/unload", "");
            Assert.True(status == 200, body);
        }
        finally
        {
            Directory.Delete(Path.Combine(server.Repository.FullPath, "filler"), recursive: true);
        }

        await server.StandsAsync();
    }
}

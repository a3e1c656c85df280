using InferenceServer.Core.Lifecycle;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>
/// A repository of broken configuration files beside one good model: each mistake is told with file, line, column and a suggestion,
/// several in one file together, and the good model serves.
/// </summary>
public sealed class BrokenConfigurationTests
{
    private static readonly BrokenConfiguration[] s_files =
    [
        new("typo_in_a_field", "max_batchsize: 8", "1:1", "max_batchsize", "did you mean 'max_batch_size'"),
        new("typo_in_a_nested_field", "input {\n  nam: \"image\"\n}", "2:3", "nam", "did you mean 'name'"),
        new("text_for_a_number", "max_batch_size: \"eight\"", "1:17", "max_batch_size", "eight", "max_batch_size: 8"),
        new("number_for_a_text", "name: 5", "1:7", "name", "name: \""),
        new("number_out_of_range", "max_batch_size: 3000000000", "1:17", "max_batch_size", "2147483647"),
        new("unknown_enum_value", "input { name: \"image\" data_type: TYPE_FLOAT dims: [ 1, 8, 8 ] }", "1:34", "TYPE_FLOAT", "did you mean 'TYPE_FP32'"),
        new("missing_brace", "max_batch_size: 8\ninput {\n  name: \"image\"\n", "4:1", "2:7", "add '}'"),
        new("surplus_brace", "max_batch_size: 8\n}", "2:1", "}"),
        new("missing_colon", "max_batch_size 8", "1:16", "max_batch_size", ":"),
        new("open_string", "backend: \"onnxruntime", "1:10", "\""),
        new("field_given_twice", "max_batch_size: 8\nmax_batch_size: 9", "2:1", "max_batch_size", "1"),
        new("stray_character", "max_batch_size: 8 $", "1:19", "$"),
        new("wrong_name", "name: \"other\"", "1:", "other", "wrong_name"),
        new("unknown_backend", "backend: \"onxruntime\"", "1:", "onxruntime", "did you mean 'onnxruntime'"),
        new("backend_and_platform_that_differ", "backend: \"identity\" platform: \"onnxruntime_onnx\"", "", "config.pbtxt:1:21", "identity", "onnxruntime_onnx"),
        new("batch_size_below_zero", "max_batch_size: -1", "1:", "max_batch_size", "-1"),
        new("dimension_of_zero", "max_batch_size: 8\ninput { name: \"image\" data_type: TYPE_FP32 dims: [ 0, 8, 8 ] }", "2:", "image", "-1"),
        new("no_instances", "instance_group { count: 0 }", "1:", "count", "0"),
        new("gpus_of_the_processor", "instance_group { kind: KIND_CPU gpus: 1 }", "1:", "lists gpus", "KIND_GPU"),
        new("preferred_size_over_the_limit", "max_batch_size: 8\ndynamic_batching { preferred_batch_size: [ 16 ] }", "2:", "16", "8"),
        new("input_that_the_model_lacks", "max_batch_size: 8\ninput { name: \"imgae\" data_type: TYPE_FP32 dims: [ 1, 8, 8 ] }", "2:", "imgae", "did you mean 'image'"),
        new("type_that_the_model_contradicts", "max_batch_size: 8\ninput { name: \"image\" data_type: TYPE_INT64 dims: [ 1, 8, 8 ] }", "2:", "TYPE_INT64", "TYPE_FP32"),
        new("shape_that_the_model_contradicts", "max_batch_size: 8\ninput { name: \"image\" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] }", "2:", "image", "3"),
        new("output_that_the_model_lacks", "max_batch_size: 8\noutput { name: \"prob\" data_type: TYPE_FP32 dims: [ 10 ] }", "2:", "prob", "did you mean 'probs'"),
        new("feature_that_is_not_supported", "runtime: \"model.py\"", "1:1", "runtime", "not supported"),
        new("four_mistakes", "max_batchsize: 8\nbackend: 5\ninput { name: \"image\" data_type: TYPE_FLOAT dims: [ 1, 8, 8 ] }\nplatfrom: \"x\"", "1:1", "2:10", "3:34", "4:1", "did you mean 'platform'"),
    ];

    [Fact]
    public async Task BrokenFiles_AreToldByPlaceAndTheGoodModelServes()
    {
        using var repository = new TemporaryDirectory();
        var model = File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx"));
        foreach (var file in s_files)
        {
            repository.Write($"{file.Model}/1/model.onnx", model);
            repository.Write($"{file.Model}/config.pbtxt", file.Text);
        }

        repository.Write("good.onnx", model);
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true);
        foreach (var file in s_files)
        {
            var status = Assert.Single(server.Statuses, status => status.Name == file.Model);
            Assert.Equal(ModelState.Failed, status.State);
            Assert.StartsWith("config.pbtxt:" + file.Place, status.Reason, StringComparison.Ordinal);
            Assert.All(file.Words, word => Assert.Contains(word, status.Reason, StringComparison.Ordinal));
            Assert.Contains(server.LoggedErrors, error => error.Contains(file.Model, StringComparison.Ordinal));
            Assert.Contains(status.Reason.Split('\n')[0], server.Output.ToString(), StringComparison.Ordinal);
        }

        // The good one serves, and the server says that it is not whole.
        var question = new Question("good", QuestionInput.Floats("image", [1, 1, 8, 8], SampleData.Digits().Images[0]));
        (await server.Over(Encodings.Json).AskAsync(question, TestContext.Current.CancellationToken)).MustSucceed();
        using var ready = await server.Http.GetAsync("/v2/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, ready.StatusCode);
        using var live = await server.Http.GetAsync("/v2/health/live", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task SameMistakesInJson_AreToldByPlaceToo()
    {
        using var repository = new TemporaryDirectory();
        var model = File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx"));
        repository.Write("typo/1/model.onnx", model);
        repository.Write("typo/config.json", "{\n  \"max_batchsize\": 8,\n  \"input\": [ { \"name\": 5 } ]\n}");
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true);
        var reason = Assert.Single(server.Statuses).Reason;
        Assert.Contains("config.json:2:", reason, StringComparison.Ordinal);
        Assert.Contains("did you mean 'max_batch_size'", reason, StringComparison.Ordinal);
        Assert.Contains("config.json:3:", reason, StringComparison.Ordinal);
    }
}

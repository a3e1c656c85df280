using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class UnusedFeatureTests
{
    [Theory]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: 4 is_shape_tensor: true }", 1, 48, "input[0].is_shape_tensor")]
    [InlineData("output { name: \"X\" data_type: TYPE_FP32 dims: 4 is_shape_tensor: true }", 1, 49, "output[0].is_shape_tensor")]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: 4 is_non_linear_format_io: true }", 1, 48, "input[0].is_non_linear_format_io")]
    [InlineData("output { name: \"X\" data_type: TYPE_FP32 dims: 4 is_non_linear_format_io: true }", 1, 49, "output[0].is_non_linear_format_io")]
    [InlineData("model_repository_agents { agents { name: \"checksum\" } }", 1, 1, "model_repository_agents")]
    [InlineData("instance_group { secondary_devices { device_id: 0 } }", 1, 18, "instance_group[0].secondary_devices")]
    [InlineData("runtime: \"model.py\"", 1, 1, "runtime")]
    [InlineData("cc_model_filenames { key: \"7.5\" value: \"a\" }", 1, 1, "cc_model_filenames")]
    public void TryDeclare_FeatureThatChangesAnswers_IsRefused(string text, int line, int column, string path) =>
        ProblemAssert.Single(DeclareProblems(text), line, column, $"{path}|is not supported by this server", null);

    [Theory]
    [InlineData("instance_group { profile: \"0\" }", 1, 18, "instance_group[0].profile")]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ 1, 1, 3 ] format: FORMAT_NHWC }", 1, 58, "input[0].format")]
    [InlineData("optimization { priority: PRIORITY_MAX }", 1, 16, "optimization.priority")]
    [InlineData("optimization { cuda { graphs: true } }", 1, 16, "optimization.cuda")]
    [InlineData("optimization { input_pinned_memory { enable: false } }", 1, 16, "optimization.input_pinned_memory")]
    [InlineData("optimization { output_pinned_memory { } }", 1, 16, "optimization.output_pinned_memory")]
    [InlineData("optimization { gather_kernel_buffer_threshold: 4 }", 1, 16, "optimization.gather_kernel_buffer_threshold")]
    [InlineData("optimization { eager_batching: true }", 1, 16, "optimization.eager_batching")]
    public void TryDeclare_FeatureThatChangesNoAnswer_IsAWarning(string text, int line, int column, string path) =>
        ProblemAssert.Single(Declare(text).Warnings, line, column, $"{path} has no effect", null);

    [Fact]
    public void TryDeclare_FeaturesTurnedOff_SayNothing() =>
        Assert.Empty(Declare("""
            model_transaction_policy { decoupled: false }
            response_cache { enable: false }
            dynamic_batching { preserve_ordering: false priority_levels: 0 }
            instance_group { passive: false kind: KIND_AUTO }
            optimization { input_pinned_memory { enable: true } eager_batching: false }
            """).Warnings);
}

using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Memory;
using InferenceServer.Testing;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Caching;

/// <summary>Keys, answers and waits that the tests of this room share.</summary>
internal static class CacheFixture
{
    public static CacheKey Key(byte number)
    {
        var bytes = new byte[CacheKey.Size];
        bytes[0] = number;
        return new CacheKey(bytes);
    }

    /// <summary>An answer with one output Y of so many bytes, all of them <paramref name="value"/>.</summary>
    public static CachedAnswer Answer(int bytes, byte value = 1)
    {
        using var pool = new TensorPool(new TensorPoolOptions());
        var values = new byte[bytes];
        Array.Fill(values, value);
        using var view = TestTensor.Of<byte>(pool, "Y", TensorDataType.UInt8, new TensorShape(bytes), values);
        return CachedAnswer.TryCopy([view], new Dictionary<string, ParameterValue>())!;
    }

    public static async Task<InferenceResponse> SucceedAsync(Task<InferenceOutcome> task)
    {
        var outcome = await task.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.True(outcome.IsSuccess, outcome.Error?.Message);
        return outcome.Response;
    }
}

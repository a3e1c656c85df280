using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Torch.Engine;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Engine;

public sealed class TorchMessageTests
{
    [Fact]
    public void Read_Traceback_IsTheReason()
    {
        const string message = """
            The following operation failed in the TorchScript interpreter.
            Traceback of TorchScript, serialized code (most recent call last):
              File "code/__torch__.py", line 13, in forward
                x: Tensor) -> Tensor:
                x0 = torch.relu((c1).forward(x, ))
                                 ~~~~~~~~~~~ <--- HERE
                c2 = s.c2

            Traceback of TorchScript, original code (most recent call last):
              File "/home/somebody/secret/net.py", line 13, in forward
                    x=torch.relu(s.c1(x))
                                 ~~~~ <--- HERE
            RuntimeError: Given groups=1, expected input[1, 2, 1, 3] to have 1 channels, but got 2 channels instead

            """;
        Assert.Equal("Given groups=1, expected input[1, 2, 1, 3] to have 1 channels, but got 2 channels instead", TorchMessage.Read(message));
    }

    [Fact]
    public void Read_StackOfTheEngine_IsLeftOut() => Assert.Equal(
        "Method 'nope' is not defined.",
        TorchMessage.Read("Method 'nope' is not defined.\nException raised from get_method at /__w/1/s/object.h:112 (most recent call first):\nframe #0: c10::Error::Error(c10::SourceLocation) + 0xb0 (0x7f757f7871a0 in /opt/libc10.so)\n"));

    [Theory]
    [InlineData("open file failed, file path: /srv/models/net/1/model.pt", "open file failed, file path: model.pt")]
    [InlineData("at 0xdeadBEEF", "at ?")]
    public void Read_PathsAndAddresses_AreLeftOut(string message, string expected) => Assert.Equal(expected, TorchMessage.Read(message));

    [Fact]
    public void Read_EndlessMessage_IsCutShort() => Assert.True(TorchMessage.Read(new string('x', 1_000_000)).Length <= 1001);

    [Theory]
    [InlineData("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000000 bytes.", ErrorCode.ResourceExhausted)]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB", ErrorCode.ResourceExhausted)]
    [InlineData("mat1 and mat2 shapes cannot be multiplied", ErrorCode.Internal)]
    public void CodeOf_Message_IsItsKind(string message, ErrorCode expected) => Assert.Equal(expected, TorchMessage.CodeOf(message));
}

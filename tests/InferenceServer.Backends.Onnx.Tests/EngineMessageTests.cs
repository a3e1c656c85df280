using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Onnx.Messages;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class EngineMessageTests
{
    [Theory]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions", ErrorCode.InvalidArgument, "Got invalid dimensions")]
    [InlineData("[ErrorCode:Fail] no", ErrorCode.Internal, "no")]
    [InlineData("[ErrorCode:RuntimeException] Failed to allocate memory for requested buffer of size 5", ErrorCode.ResourceExhausted, "Failed to allocate memory for requested buffer of size 5")]
    [InlineData("[ErrorCode:RuntimeException] std::bad_alloc", ErrorCode.ResourceExhausted, "std::bad_alloc")]
    public void Read_EngineCode_BecomesTheServersCode(string message, ErrorCode code, string text) =>
        Assert.Equal(new EngineMessage(code, text), EngineMessage.Read(message, null));

    [Theory]
    [InlineData("Load model from /srv/models/m/1/model.onnx failed:Protobuf", "Load model from model.onnx failed:Protobuf")]
    [InlineData("no such file /srv/models/m/1/weights.bin", "no such file weights.bin")]
    [InlineData("in /srv/models/m/1 is", "in the model's folder is")]
    [InlineData("cannot open /etc/ssl/private/key.pem: denied", "cannot open key.pem: denied")]
    [InlineData(@"cannot open C:\Users\me\key.pem now", "cannot open key.pem now")]
    [InlineData("running Add node. Name:'/encoder/layer.0/Add' Status", "running Add node. Name:'/encoder/layer.0/Add' Status")]
    [InlineData("/onnxruntime_src/onnxruntime/core/x/reshape_helper.h:45 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) size was false", "size was false")]
    [InlineData("/onnxruntime_src/core/framework/x.cc:376 void* onnxruntime::Alloc(size_t, int) const Failed", "Failed")]
    [InlineData("at 0x7ffdeadbeef and\n  more", "at ? and more")]
    [InlineData("shapes {1,2} and 3/4 of x", "shapes {1,2} and 3/4 of x")]
    public void Clean_WhatCallersMustNotSee_IsGone(string message, string expected) =>
        Assert.Equal(expected, EngineMessage.Clean(message, "/srv/models/m/1"));

    [Theory]
    [InlineData("x")]
    [InlineData("/x")]
    [InlineData("x.cc:1 ")]
    [InlineData("x.h:1 a(")]
    [InlineData("Name:'")]
    [InlineData("Load model from ")]
    public void Clean_EndlessMessage_IsCutWithoutEndlessWork(string part)
    {
        var message = string.Concat(Enumerable.Repeat(part, 1_000_000));
        var before = TimeProvider.System.GetTimestamp();
        Assert.InRange(EngineMessage.Read(message, null).Text.Length, 0, 1001);

        // Without bounds this takes minutes; with them, milliseconds.
        Assert.InRange(TimeProvider.System.GetElapsedTime(before), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }
}
